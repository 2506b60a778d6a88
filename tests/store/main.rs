//! store
fn main() {}
