//! What the operator decides.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use encrata_webhooks::Webhook;
use ipnet::{IpNet, Ipv4Net};
use url::Url;
use zeroize::Zeroizing;

use crate::delivery::egress::EgressProxy;
use crate::delivery::retry::RetrySchedule;
use crate::duration;
use crate::model::webhook::HttpsUrl;
use crate::store::DatabaseUrl;

/// What a server runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything is kept.
    pub database: DatabaseUrl,
    /// Where the master key is; none means beside the database file.
    pub master_key: MasterKeySource,
    /// Where the master key is that it replaces, as long as secrets may be under that.
    pub old_master_key: Option<MasterKeySource>,
    /// Networks that deliveries may go to although they are not globally routable.
    pub allow_network: Vec<IpNet>,
    /// A PEM file of certificate authorities to trust beside the system's.
    pub extra_ca: Option<PathBuf>,
    /// The proxy that deliveries go through; none means that they go directly.
    pub egress_proxy: Option<EgressProxy>,
    /// The networks of proxies in front of the server, which are believed whom they speak for.
    pub trusted_proxies: Vec<IpNet>,
    /// Where browsers find the server; none means that it is not said.
    pub public_url: Option<Url>,
    /// Requests per key and minute on `/api/webhooks`; 0 means no limit.
    pub webhook_rate_limit: u32,
    /// The delays between attempts.
    pub retry_schedule: RetrySchedule,
    /// For how long a webhook may fail before it is switched off.
    pub disable_after: Duration,
    /// For how long events and deliveries are kept after they were accepted; none means for ever.
    pub retention: Option<Duration>,
    /// How many webhooks a workspace may have.
    pub webhooks_per_workspace: u32,
    /// Where notices go, of webhooks that were switched off or work again; none means that none are sent.
    pub notify: Option<NotifyTo>,
}

impl Config {
    /// A server by itself, without limits that an operator would set: no private network, no proxy, nothing erased.
    pub fn new(database: DatabaseUrl, master_key: MasterKeySource) -> Self {
        Self {
            database,
            master_key,
            old_master_key: None,
            allow_network: Vec::new(),
            extra_ca: None,
            egress_proxy: None,
            trusted_proxies: Vec::new(),
            public_url: None,
            webhook_rate_limit: 0,
            retry_schedule: RetrySchedule::default(),
            disable_after: Duration::MAX,
            retention: None,
            webhooks_per_workspace: u32::MAX,
            notify: None,
        }
    }
}

/// Where notices go.
#[derive(Debug, Clone)]
pub struct NotifyTo {
    /// The URL, which may hold a token.
    pub url: HttpsUrl,
    /// What signs them, if anything does.
    pub signer: Option<Arc<Webhook>>,
}

impl NotifyTo {
    /// Notices to `url`, signed with the secret in the file, if there is one.
    ///
    /// # Errors
    ///
    /// A sentence: the file can't be read, or what it holds is no signing secret.
    pub fn new(url: HttpsUrl, secret_file: Option<&Path>) -> Result<Self, String> {
        let read = |path: &Path| {
            let failed = |why: &dyn std::fmt::Display| {
                format!("cannot sign notices with the secret in {}: {why}", path.display())
            };
            let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| failed(&error))?;
            // Editors end a file with a newline.
            let signer = Webhook::new(text.trim_end()).map_err(|error| failed(&error))?;
            // Both signatures, or none: one that only some receivers can check is found out now.
            signer.sign(b"", "notice", 0).map_err(|error| failed(&error))?;
            Ok::<_, String>(Arc::new(signer))
        };
        Ok(Self { url, signer: secret_file.map(read).transpose()? })
    }
}

/// Where the master key comes from.
#[derive(Clone)]
pub enum MasterKeySource {
    /// The file beside the database; made when the database is new.
    Beside,
    /// A file that the operator named.
    File(PathBuf),
    /// The key itself, from the environment.
    Value(Zeroizing<String>),
}

impl std::fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Beside => f.write_str("Beside"),
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Value(_) => f.write_str("Value(redacted)"),
        }
    }
}

/// Reads how long things are kept: a duration of a day or more, or `forever`.
///
/// # Errors
///
/// A sentence that says what to write.
pub fn retention(text: &str) -> Result<Retention, String> {
    if text == "forever" {
        return Ok(Retention(None));
    }
    let kept = duration::parse(text)?;
    if kept < SHORTEST_RETENTION {
        return Err(format!(
            "'{text}' is too short: retries go on for days, so write 7d or more, or forever"
        ));
    }
    Ok(Retention(Some(kept)))
}

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention(pub Option<Duration>);

/// Longer than idempotency keys are remembered.
const SHORTEST_RETENTION: Duration = Duration::from_secs(7 * 86_400);

/// Reads a network: CIDR, or an address alone. One of IPv4 in the shape of IPv6 (`::ffff:10.0.0.0/104`) is the one of IPv4 that
/// it is: that is how addresses are compared.
///
/// # Errors
///
/// A sentence that says what to write.
pub fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    IpNet::from_str(text)
        .or_else(|_| IpAddr::from_str(text).map(IpNet::from))
        .map(|network| canonical(network).unwrap_or(network))
        .map_err(|_| format!("'{text}' is not a network: write it like 10.0.0.0/8, fd00::/8 or 127.0.0.1"))
}

fn canonical(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(mapped) = network else { return None };
    let bits = mapped.prefix_len().checked_sub(96)?;
    Some(Ipv4Net::new(mapped.addr().to_ipv4_mapped()?, bits).ok()?.into())
}

/// Reads the network of a proxy that is trusted, or `none`.
///
/// # Errors
///
/// A sentence that says what to write.
pub fn trusted_proxy(text: &str) -> Result<TrustedProxy, String> {
    if text.trim() == "none" {
        return Ok(TrustedProxy(None));
    }
    network(text).map(|network| TrustedProxy(Some(network)))
}

/// The network of a proxy that is trusted.
#[derive(Debug, Clone, Copy)]
pub struct TrustedProxy(pub Option<IpNet>);

/// Reads where browsers find the server: an origin.
///
/// # Errors
///
/// A sentence that says what to write.
pub fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_web = matches!(url.scheme(), "https" | "http") && url.has_host();
        let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        is_web && is_origin && url.username().is_empty() && url.password().is_none()
    });
    // What was written may hold a password.
    url.ok_or_else(|| "it is not an origin: write it like https://hooks.example.com".to_owned())
}

/// Reads the URL of something that speaks HTTP.
///
/// # Errors
///
/// A sentence that says what to write; it quotes nothing, for there may be a password.
pub fn web_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or("it is not a URL of HTTP: write it like http://127.0.0.1:8080")
}

/// Reads where traces go.
///
/// # Errors
///
/// As [`web_url`], and when there is a user or password, which the exporter would not send, and log.
pub fn collector_url(text: &str) -> Result<Url, &'static str> {
    let url = web_url(text).map_err(|_| "it is not a URL of HTTP: write it like http://127.0.0.1:4318")?;
    match url.username().is_empty() && url.password().is_none() {
        true => Ok(url),
        false => Err(
            "a user and a password are not sent: OTEL_EXPORTER_OTLP_HEADERS may hold an Authorization header",
        ),
    }
}

/// A URL as it is shown: its origin alone, for there may be a secret in everything else.
pub fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key_and_no_password() {
        let value = |digit: &str| MasterKeySource::Value(digit.repeat(64).into());
        let database = "postgres://app:pa55word@db.internal/webhooks".parse().unwrap();
        let config = Config {
            old_master_key: Some(value("8")),
            egress_proxy: Some("http://user:pa55word@proxy.internal:3128".parse().unwrap()),
            ..Config::new(database, value("7"))
        };
        let shown = format!("{config:?}");
        assert!(shown.contains("db.internal") && shown.matches("redacted").count() == 2, "{shown}");
        for secret in ["777", "888", "pa55word"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_network_of_ipv4_has_one_shape() {
        for (text, network_of) in [
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("fd00::/8", "fd00::/8"),
            ("::1", "::1/128"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), network_of, "{text}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for text in ["https://hooks.example.com", "http://127.0.0.1:8080/", "https://[::1]:8443"] {
            assert!(public_url(text).is_ok(), "{text}");
        }
        for text in [
            "hooks.example.com",
            "ftp://hooks.example.com",
            "https://hooks.example.com/path",
            "https://hooks.example.com?x",
            "https://hooks.example.com#x",
            "https://user@hooks.example.com",
            "",
        ] {
            assert!(public_url(text).unwrap_err().contains("write it like"), "{text}");
        }
    }

    #[test]
    fn a_url_of_http_is_shown_as_its_origin() {
        let url = web_url("https://user:secret@otlp.example.com:4318/secret?secret").unwrap();
        assert_eq!(shown(&url), "https://otlp.example.com:4318");
        assert!(collector_url(url.as_str()).unwrap_err().contains("OTEL_EXPORTER_OTLP_HEADERS"));
        assert!(collector_url("https://otlp.example.com/secret").is_ok());
        for text in ["", "collector", "user:secret@collector:4318", "ftp://user:secret@collector", "http://"]
        {
            assert!(!web_url(text).unwrap_err().contains("secret"), "{text}");
            assert!(collector_url(text).unwrap_err().contains("4318"), "{text}");
        }
    }
}
