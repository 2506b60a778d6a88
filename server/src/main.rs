//! `encrata-webhooks`: see `encrata-webhooks --help`.

use std::process::ExitCode;

/// Every delivery makes some hundred small allocations on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    encrata_webhooks_server::cli::main()
}
