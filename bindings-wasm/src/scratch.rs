//! The buffer that JavaScript writes to.

use alloc::boxed::Box;
use alloc::vec;
use core::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

/// A piece of a body, or headers and a small body.
const BYTES: usize = 64 * 1024;

/// The one buffer through which texts and bytes come and go.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Scratch(RefCell<Box<[u8]>>);

#[wasm_bindgen]
impl Scratch {
    /// Of 64 KiB.
    #[must_use]
    #[wasm_bindgen(constructor)]
    pub fn new() -> Scratch {
        Scratch(RefCell::new(vec![0; BYTES].into_boxed_slice()))
    }

    /// Where it is in the module's memory.
    #[must_use]
    pub fn address(&self) -> usize {
        self.0.borrow_mut().as_mut_ptr() as usize
    }

    /// How many bytes it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        BYTES
    }

    /// Lends the first `length` bytes, or all there are.
    pub(crate) fn with<T>(&self, length: usize, read: impl FnOnce(&mut [u8]) -> T) -> T {
        read(&mut self.0.borrow_mut()[..length.min(BYTES)])
    }

    /// Writes pieces one after the other, as far as there is room, and returns their length.
    pub(crate) fn write(&self, pieces: &[&[u8]]) -> usize {
        self.with(BYTES, |scratch| {
            let bytes = pieces.iter().flat_map(|piece| piece.iter());
            scratch.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count()
        })
    }
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch::new()
    }
}
