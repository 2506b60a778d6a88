//! `encrata-webhooks sign`.

use clap::Args;
use encrata_webhooks::Key;

use super::output::out;
use super::{Failure, SecretArg, read_stdin};

#[derive(Debug, Args)]
pub(super) struct Sign {
    #[command(flatten)]
    secret: SecretArg,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        let key = Key::new(self.secret.get()?)?;
        out!("{}", key.sign(read_stdin()?))
    }
}
