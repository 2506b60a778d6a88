//! `encrata-webhooks`: see `encrata-webhooks --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    encrata_webhooks_server::cli::main()
}
