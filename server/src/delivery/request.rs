//! The exact bytes and headers of one attempt. Pure: what goes in decides what comes out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use encrata_webhooks::Webhook as Signer;

use crate::keyring::Keyring;
use crate::model::delivery::Claim;
use crate::model::ids::{DeliveryId, EventId, WebhookId, WorkspaceId};
use crate::model::webhook::{HttpsUrl, Secrets};
use crate::vault::Sealed;

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("Encrata-Webhooks/", env!("CARGO_PKG_VERSION"));

/// One attempt, signed and ready to be sent.
pub struct SignedRequest {
    /// Where to.
    pub url: HttpsUrl,
    /// Name and value of each header, in the order in which they are sent; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Arc<[u8]>,
}

/// Who has a signature and the body can send the event himself: only the names of headers are shown.
impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        let bytes = self.body.len();
        f.debug_struct("SignedRequest")
            .field("url", &self.url)
            .field("headers", &names)
            .field("bytes", &bytes)
            .finish()
    }
}

/// What is signed: an event for a webhook.
#[derive(Debug)]
pub struct Message<'a> {
    /// Where it goes.
    pub url: &'a HttpsUrl,
    /// The event, which travels as `webhook-id`.
    pub event_id: EventId,
    /// Its type.
    pub event_type: &'a str,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The envelope.
    pub body: Arc<[u8]>,
    /// The trace context of the request that brought the event.
    pub traceparent: Option<&'a str>,
}

impl SignedRequest {
    /// Signs a message as of `now_ms` (milliseconds since the Unix epoch).
    ///
    /// # Errors
    ///
    /// A sentence, when the secret has no Standard Webhooks key; never for one that this server issued.
    pub fn new(message: Message<'_>, signer: &Signer, now_ms: i64) -> Result<Self, String> {
        let signed = signer
            .sign(&message.body, &message.event_id.to_string(), now_ms.div_euclid(1000))
            .map_err(|error| error.to_string())?;
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", USER_AGENT.to_owned()),
            ("x-encrata-event", message.event_type.to_owned()),
            ("x-encrata-delivery", message.delivery_id.to_string()),
        ];
        headers.extend(signed);
        headers.extend(message.traceparent.map(|trace| ("traceparent", trace.to_owned())));
        Ok(Self { url: message.url.clone(), headers, body: message.body })
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// Makes signers of sealed secrets, and keeps them: a webhook's second delivery costs no key schedule.
#[derive(Debug)]
pub struct Signers {
    vault: Arc<Keyring>,
    kept: Mutex<HashMap<WebhookId, Kept>>,
}

/// A signer, and the secrets that it was made of.
type Kept = (Vec<Sealed>, Arc<Signer>);

/// How many signers are kept. When there are more, all are made anew.
const MAX_KEPT: usize = 10_000;

impl Signers {
    /// No signers yet.
    pub fn new(vault: Arc<Keyring>) -> Self {
        Self { vault, kept: Mutex::default() }
    }

    /// The signer for the secrets that are in force at `now_ms`.
    ///
    /// # Errors
    ///
    /// A sentence, when a secret does not open.
    pub fn get(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: WebhookId,
        secrets: &Secrets,
        now_ms: i64,
    ) -> Result<Arc<Signer>, String> {
        let in_force: Vec<Sealed> = secrets.in_force(now_ms).cloned().collect();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sealed, signer)) = kept.get(&webhook_id)
            && *sealed == in_force
        {
            return Ok(Arc::clone(signer));
        }
        let mut opened = Vec::with_capacity(in_force.len());
        for sealed in &in_force {
            let secret = self.vault.open_secret(workspace_id, webhook_id, sealed);
            opened.push(secret.map_err(|error| error.to_string())?);
        }
        let texts: Vec<&str> = opened.iter().map(|secret| secret.as_str()).collect();
        let signer = Arc::new(Signer::new(texts).map_err(|error| error.to_string())?);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(webhook_id, (in_force, Arc::clone(&signer)));
        Ok(signer)
    }
}

/// Signs a claimed delivery. `traceparent` is this attempt's place in a trace, if it has one; else receivers see that of
/// the event.
///
/// # Errors
///
/// A sentence, when its secret can't be read.
pub fn sign_claim(
    claim: &Claim,
    signers: &Signers,
    now_ms: i64,
    traceparent: Option<&str>,
) -> Result<SignedRequest, String> {
    let target = &claim.target;
    let signer = signers.get(claim.workspace_id, claim.webhook_id, &target.secrets, now_ms)?;
    let message = Message {
        url: &target.url,
        event_id: claim.event_id,
        event_type: &claim.event_type,
        delivery_id: claim.delivery_id,
        body: Arc::clone(&claim.body),
        traceparent: traceparent.or(claim.traceparent.as_deref()),
    };
    SignedRequest::new(message, &signer, now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::MasterKey;

    const SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
    const BODY: &[u8] =
        br#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}"#;

    fn vault() -> MasterKey {
        MasterKey::from_hex(&"07".repeat(32)).unwrap()
    }

    #[test]
    fn the_golden_vector_is_what_goes_into_the_header() {
        let event_id = EventId::new(1_767_225_600_000);
        let delivery_id = DeliveryId::new(1_767_225_600_000);
        let url = HttpsUrl::parse("https://example.com/hook").unwrap();
        let message = Message {
            url: &url,
            event_id,
            event_type: "test",
            delivery_id,
            body: BODY.into(),
            traceparent: None,
        };
        let request = SignedRequest::new(message, &Signer::new(SECRET).unwrap(), 1_767_225_600_999).unwrap();
        assert_eq!(
            request.header("x-encrata-signature"),
            Some("3fb19dcfef1ae27c09eb5655b45bda0c0a89c34dbc928332182afeee235361e3")
        );
        assert_eq!(request.header("webhook-id"), Some(&*event_id.to_string()));
        assert_eq!(request.header("webhook-timestamp"), Some("1767225600"));
        assert_eq!(request.header("x-encrata-event"), Some("test"));
        assert_eq!(request.header("x-encrata-delivery"), Some(&*delivery_id.to_string()));
        assert_eq!(&*request.body, BODY);
        let shown = format!("{request:?}");
        assert!(shown.contains("x-encrata-signature") && !shown.contains("3fb19dcf"), "{shown}");
        assert!(!shown.contains("/hook") && !shown.contains("This is a test"), "{shown}");
    }

    #[test]
    fn debug_shows_no_secret_and_no_key() {
        let (workspace, webhook) = (WorkspaceId::new(1), WebhookId::new(1));
        let secrets =
            Secrets { current: vault().seal_secret(workspace, webhook, SECRET).unwrap(), previous: None };
        let signers = Signers::new(Arc::new(vault().into()));
        signers.get(workspace, webhook, &secrets, 0).unwrap();
        let shown = format!("{signers:?} {secrets:?}");
        assert!(shown.contains("MasterKey(redacted)") && shown.contains("Sealed("), "{shown}");
        for part in ["6cce5d54", "108, 206", "07070707", "7, 7, 7"] {
            assert!(!shown.contains(part), "{shown}");
        }
    }

    #[test]
    fn a_signer_is_kept_until_the_secrets_change() {
        let (vault, workspace, webhook) = (vault(), WorkspaceId::new(1), WebhookId::new(1));
        let signers = Signers::new(Arc::new(self::vault().into()));
        let seal = |secret| vault.seal_secret(workspace, webhook, secret).unwrap();
        let mut secrets = Secrets { current: seal(SECRET), previous: None };
        let get = |secrets: &Secrets, now| signers.get(workspace, webhook, secrets, now).unwrap();
        let first = get(&secrets, 0);
        assert!(Arc::ptr_eq(&first, &get(&secrets, 1)));

        secrets =
            Secrets { current: seal(&SECRET.replace('6', "7")), previous: Some((secrets.current, 100)) };
        let both = get(&secrets, 99).sign(BODY, "evt_1", 0).unwrap();
        let only_new = get(&secrets, 100).sign(BODY, "evt_1", 0).unwrap();
        let value = |signed: &encrata_webhooks::SignedHeaders, name| {
            signed.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).unwrap()
        };
        assert_eq!(value(&both, "webhook-signature").split(' ').count(), 2);
        assert_eq!(value(&only_new, "webhook-signature").split(' ').count(), 1);
        let plain = |signer: &Signer| value(&signer.sign(BODY, "evt_1", 0).unwrap(), "x-encrata-signature");
        assert_eq!(value(&both, "x-encrata-signature"), plain(&first));
        assert_ne!(value(&only_new, "x-encrata-signature"), plain(&first));
    }
}
