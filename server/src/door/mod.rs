//! The server's own port: who may connect, how long they may take, and who they are.

mod body;
pub mod caller;
pub mod limits;
mod listen;
mod owed;
mod places;
mod quiet;
mod unread;

pub(crate) use self::listen::{Door, serve};

#[cfg(test)]
mod tests;
