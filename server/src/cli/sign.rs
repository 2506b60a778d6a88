//! `encrata-webhooks sign`.

use clap::Args;
use encrata_webhooks::{Key, Webhook};

use super::output::out;
use super::{BodyArg, Failure, SecretArg};
use crate::clock::now_ms;

/// Sign a body: prints the value of X-Encrata-Signature, or all that sign a delivery
///
/// A delivery to try a receiver with, signed in both schemes as the server signs:
///
///   encrata-webhooks sign --id evt_1 body.json > headers
///
///   curl -H @headers -H 'Content-Type: application/json' --data-binary @body.json URL
#[derive(Debug, Args)]
pub(super) struct Sign {
    #[command(flatten)]
    secret: SecretArg,
    /// Sign as a delivery of the event with this id. Prints webhook-id, webhook-timestamp, webhook-signature and
    /// x-encrata-signature, a line `name: value` each
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// When it is sent, in Unix seconds; now when not given. A receiver refuses what is older than it tolerates
    #[arg(long, value_name = "SECONDS", requires = "id", value_parser = clap::value_parser!(i64).range(0..))]
    timestamp: Option<i64>,
    #[command(flatten)]
    body: BodyArg,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        let secret = self.secret.get()?;
        let Some(id) = &self.id else {
            let key = Key::new(secret)?;
            return out!("{}", key.sign(self.body.read()?));
        };
        let webhook = Webhook::new(secret)?;
        let timestamp = self.timestamp.unwrap_or_else(|| now_ms().div_euclid(1000));
        let signed = webhook.sign(&self.body.read()?, id, timestamp)?;
        signed.iter().try_for_each(|(name, value)| out!("{name}: {value}"))
    }
}
