//! A webhook: where a workspace wants which events, and with which secret they are signed.

use std::fmt;

use encrata_webhooks::EventKind;
use url::Url;

use super::ids::{KeyId, WebhookId, WorkspaceId};
use crate::vault::Sealed;

/// How long a URL may be.
pub const MAX_URL_BYTES: usize = 2048;
/// How many deliveries a second a webhook's owner may allow at most.
pub const MAX_RATE_LIMIT: u32 = 10_000;
/// How long a description may be.
pub const MAX_DESCRIPTION_CHARS: usize = 500;

/// A webhook as it is kept. Signing secrets stay sealed until a request is signed.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The webhook's id.
    pub id: WebhookId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// Where deliveries go.
    pub url: HttpsUrl,
    /// What it subscribes to, in the order in which the admin named them.
    pub events: Vec<EventKind>,
    /// Whether events are delivered to it.
    pub is_active: bool,
    /// What the admin wrote about it; empty when unset.
    pub description: String,
    /// The key that made it.
    pub created_by: KeyId,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// When it was last changed, in milliseconds since the Unix epoch.
    pub updated_ms: i64,
    /// The secrets in force.
    pub secrets: Secrets,
    /// How many deliveries a second it takes, on all nodes together; none means no limit.
    pub rate_limit: Option<u32>,
    /// Since when nothing succeeded, in milliseconds since the Unix epoch; none after a success.
    pub failing_since_ms: Option<i64>,
    /// Why and when the server itself switched it off, if it did.
    pub disabled: Option<Disabled>,
}

/// The server has switched a webhook off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disabled {
    /// Why, in a sentence.
    pub reason: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// A webhook's sealed signing secrets. While a secret rotates there are two.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The newest secret.
    pub current: Sealed,
    /// The secret before it, and when its overlap ends (milliseconds since the Unix epoch).
    pub previous: Option<(Sealed, i64)>,
}

impl Secrets {
    /// The secrets to sign with at `now_ms`. The first is the one of `X-Encrata-Signature`, which has
    /// room for one: the old secret, until its overlap ends.
    pub fn in_force(&self, now_ms: i64) -> impl Iterator<Item = &Sealed> {
        let previous = self.previous.as_ref().filter(|(_, until_ms)| now_ms < *until_ms);
        previous.map(|(sealed, _)| sealed).into_iter().chain([&self.current])
    }
}

/// An absolute `https` URL with a host and without user name, password or fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpsUrl {
    url: Url,
    /// As the admin wrote it: the API shows it so.
    text: String,
}

impl HttpsUrl {
    /// Reads what a person typed.
    ///
    /// # Errors
    ///
    /// A sentence that says what to change.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_URL_BYTES {
            return Err(format!("url is {} bytes long; the limit is {MAX_URL_BYTES}", text.len()));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(
                "url contains white space or a control character: remove it, or percent-encode it".into()
            );
        }
        let url = Url::parse(text).map_err(|error| {
            format!("url is not an absolute URL ({error}): write it like https://example.com/webhooks")
        })?;
        if url.scheme() != "https" {
            return Err(format!("url starts with {}: but only https: URLs are delivered to", url.scheme()));
        }
        if !text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")) {
            return Err("url is not written like https://example.com/webhooks".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "url contains a user name or password: put a token into its path or query instead".into()
            );
        }
        if url.fragment().is_some() {
            return Err("url has a fragment (#…), which is never sent: remove it".into());
        }
        if url.port() == Some(0) {
            return Err("url has port 0, which nothing can listen on".into());
        }
        Ok(Self { url, text: text.to_owned() })
    }

    /// The parsed URL.
    pub fn as_url(&self) -> &Url {
        &self.url
    }

    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A URL's path and query may hold a token of the receiver: only the origin is shown.
impl fmt::Debug for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpsUrl({})", self.url.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_no_delivery_may_go_to_are_refused_with_a_reason() {
        for (text, reason) in [
            ("http://example.com/", "only https"),
            ("example.com/hook", "not an absolute URL"),
            ("https://user:pw@example.com/", "user name or password"),
            ("https://example.com/#part", "fragment"),
            ("https:example.com", "written like"),
            ("https:/é.example.com", "written like"),
            ("https:\\\\example.com", "written like"),
            ("https:// example.com/", "white space"),
            ("https://example.com:0/", "port 0"),
            ("javascript:alert(1)", "only https"),
            ("", "not an absolute URL"),
        ] {
            let error = HttpsUrl::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(HttpsUrl::parse(&format!("https://example.com/{}", "a".repeat(MAX_URL_BYTES))).is_err());
    }

    #[test]
    fn debug_shows_no_path() {
        let url = HttpsUrl::parse("https://example.com/token-123?key=456").unwrap();
        assert_eq!(format!("{url:?}"), "HttpsUrl(https://example.com)");
    }

    #[test]
    fn during_an_overlap_the_old_secret_comes_first() {
        let sealed = |byte| Sealed::from_bytes(vec![byte]);
        let secrets = Secrets { current: sealed(2), previous: Some((sealed(1), 1000)) };
        let at = |now| secrets.in_force(now).map(|s| s.as_bytes()[0]).collect::<Vec<_>>();
        assert_eq!(at(999), [1, 2]);
        assert_eq!(at(1000), [2]);
    }
}
