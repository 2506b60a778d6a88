//! `encrata-webhooks verify`.

use std::process::ExitCode;

use clap::Args;
use encrata_webhooks::diagnose::diagnose;
use encrata_webhooks::{Key, verify_signature};

use super::output::{note, out};
use super::{BodyArg, Failure, SecretArg};

#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    secret: SecretArg,
    #[command(flatten)]
    body: BodyArg,
    /// The value of X-Encrata-Signature
    #[arg(long, value_name = "HEX")]
    signature: String,
}

impl Verify {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let secret = self.secret.get()?;
        let body = self.body.read()?;
        if Key::new(secret).is_ok() && verify_signature(&body, secret, &self.signature) {
            out!("the signature matches")?;
            return Ok(ExitCode::SUCCESS);
        }
        let diagnosis = diagnose(self.signature.as_str(), &body, secret, None);
        note!("the signature does not match\n{}\n{}", diagnosis.message, diagnosis.fix);
        Ok(ExitCode::FAILURE)
    }
}
