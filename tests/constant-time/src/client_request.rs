//! What a program says to valgrind while it runs under it: the "client requests" of its manual (section 3.1, and 4.7
//! for memcheck). Without valgrind the instructions do nothing.

/// `VG_USERREQ__RUNNING_ON_VALGRIND` and `VG_USERREQ__COUNT_ERRORS` of `valgrind.h`.
const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
/// `VG_USERREQ__MAKE_MEM_UNDEFINED` and `…_DEFINED` of `memcheck.h`, whose requests begin with its letters.
const MAKE_MEM_UNDEFINED: usize = MEMCHECK + 1;
const MAKE_MEM_DEFINED: usize = MEMCHECK + 2;
const MEMCHECK: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16;

/// Whether there is a valgrind that listens.
#[must_use]
pub fn is_watched() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) > 0
}

/// How many faults it has found until now; suppressed ones do not count.
#[must_use]
pub fn errors() -> usize {
    request(COUNT_ERRORS, 0, 0)
}

/// Makes it complain of every jump and every address that depends on these bytes.
pub fn secret(bytes: &mut [u8]) {
    request(MAKE_MEM_UNDEFINED, bytes.as_mut_ptr() as usize, bytes.len());
}

/// Takes that back.
pub fn public(bytes: &mut [u8]) {
    request(MAKE_MEM_DEFINED, bytes.as_mut_ptr() as usize, bytes.len());
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "there is no other way to say it")]
fn request(what: usize, first: usize, second: usize) -> usize {
    let words = [what, first, second, 0, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: together the rotations leave `rdi` as it was, and `xchg` leaves `rbx`: a processor does nothing here.
    // valgrind knows the sequence, reads the words that `rax` points to, and answers in `rdx`.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") words.as_ptr(), inout("rdx") answer, options(nostack),
        );
    }
    answer
}

/// Elsewhere the sequence is another: nobody listens.
#[cfg(not(target_arch = "x86_64"))]
const fn request(_: usize, _: usize, _: usize) -> usize {
    0
}
