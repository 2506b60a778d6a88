//! `encrata-webhooks sign`.

use clap::Args;
use encrata_webhooks::Key;

use super::output::out;
use super::{BodyArg, Failure, SecretArg};

#[derive(Debug, Args)]
pub(super) struct Sign {
    #[command(flatten)]
    secret: SecretArg,
    #[command(flatten)]
    body: BodyArg,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        let key = Key::new(self.secret.get()?)?;
        out!("{}", key.sign(self.body.read()?))
    }
}
