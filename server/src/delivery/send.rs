//! One attempt over the network.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Proxy, redirect, tls};

use super::address::{Blocked, Guard, Names, Unresolved};
use super::egress::EgressProxy;
use super::lookups::{Lookups, on_behalf_of};
use super::request::SignedRequest;
use crate::clock::now_ms;
use crate::model::ids::WorkspaceId;
use crate::model::outcome::{Failure, MAX_RESPONSE_BYTES, Outcome};

/// How long the whole exchange may take: connecting, sending and reading the answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of an answer is read. A longer one is cut, and its connection not used again.
const MAX_READ_BYTES: usize = 64 * 1024;

/// Sends requests, over connections that are kept and used again.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    guard: Guard,
    egress: Option<EgressProxy>,
}

impl Sender {
    /// A sender behind `guard` that also trusts `extra_ca`. Through `egress`, if that is given: then no name is
    /// looked up here, and the proxy has to guard.
    ///
    /// # Errors
    ///
    /// A sentence, when the system's certificates can't be loaded or a given one is unusable.
    pub fn new(
        guard: Guard,
        extra_ca: Vec<Certificate>,
        egress: Option<&EgressProxy>,
    ) -> Result<Self, String> {
        let mut client = Client::builder()
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tls_version_min(tls::Version::TLS_1_2)
            .tls_certs_merge(extra_ca)
            .pool_max_idle_per_host(super::slots::MAX_PER_WEBHOOK);
        let failed = |error: reqwest::Error| format!("no HTTPS client can be made: {}", innermost(&error));
        if let Some(egress) = egress {
            client = client.proxy(Proxy::all(egress.as_url().clone()).map_err(failed)?);
        }
        // With a proxy, the one name that is looked up here is the proxy's own, which may be inside.
        let guarding = egress.is_none().then(|| guard.clone());
        client = client.dns_resolver(Names { guard: guarding, lookups: Lookups::of_the_system() });
        Ok(Self { client: client.build().map_err(failed)?, guard, egress: egress.cloned() })
    }

    /// Sends a request for a workspace, or for the operator, and waits for the answer, [`REQUEST_TIMEOUT`] at most.
    pub async fn send(&self, sender: Option<WorkspaceId>, request: SignedRequest) -> Outcome {
        let exchange = on_behalf_of(sender, self.exchange(request));
        match tokio::time::timeout(REQUEST_TIMEOUT, exchange).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(failure)) => Outcome::Unanswered(failure),
            Err(_) => {
                let after_ms = u64::try_from(REQUEST_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
                Outcome::Unanswered(Failure::Timeout { after_ms })
            }
        }
    }

    async fn exchange(&self, request: SignedRequest) -> Result<Outcome, Failure> {
        let url = request.url.as_url();
        self.guard.check_literal(url).map_err(|blocked| Failure::Blocked(blocked.to_string()))?;
        let mut headers = HeaderMap::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let value = HeaderValue::from_str(value).map_err(|error| Failure::Exchange(error.to_string()))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        // Owned by the request until it is sent; the bytes themselves are shared.
        let body = bytes(request.body);
        let response = self.client.post(url.clone()).headers(headers).body(body).send().await;
        let classify = |error: reqwest::Error| classify(&error, url.host_str(), self.egress.as_ref());
        let mut response = response.map_err(classify)?;

        let status = response.status().as_u16();
        let retry_after_s = retry_after(response.headers(), now_ms());
        let (mut body, mut read) = (Vec::new(), 0);
        while read < MAX_READ_BYTES {
            let Some(chunk) = response.chunk().await.map_err(classify)? else { break };
            read += chunk.len();
            let room = MAX_RESPONSE_BYTES - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok(Outcome::Answered { status, body, retry_after_s })
    }
}

/// A body of shared bytes.
fn bytes(body: Arc<[u8]>) -> reqwest::Body {
    struct Shared(Arc<[u8]>);
    impl AsRef<[u8]> for Shared {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    bytes::Bytes::from_owner(Shared(body)).into()
}

/// `Retry-After`, as seconds from `now_ms`: a number, or a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<u64> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let date_s = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    Some(date_s.saturating_sub(u64::try_from(now_ms.div_euclid(1000)).unwrap_or(0)))
}

/// How the client's errors about a proxy begin; their type is not public.
const TUNNEL: &str = "tunnel error: ";

/// Finds out what stood in the way: the client wraps its errors several times over. What lies inside, addresses of names and the
/// proxy's answers, is for the operator's log alone, and there only for whoever asks for it: anybody with a webhook can
/// make as many of these lines as they like.
fn classify(error: &reqwest::Error, host: Option<&str>, egress: Option<&EgressProxy>) -> Failure {
    let mut next: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(cause) = next {
        if let Some(egress) = egress
            && cause.to_string().starts_with(TUNNEL)
        {
            let why = innermost(error);
            let why = why.strip_prefix(TUNNEL).unwrap_or(&why);
            tracing::debug!(host, proxy = %egress, why, "the proxy gave no connection");
            return Failure::Proxy;
        }
        if let Some(blocked) = cause.downcast_ref::<Blocked>() {
            tracing::debug!(host, why = %blocked, "not sent: the name leads inside");
            return Failure::BlockedName;
        }
        if let Some(unresolved) = cause.downcast_ref::<Unresolved>() {
            tracing::debug!(host, why = %unresolved, "not sent: the name has no address");
            return match egress {
                Some(_) => Failure::Proxy,
                None if unresolved.is_late() => Failure::LateLookup,
                None => Failure::Resolve,
            };
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Failure::Tls(tls.to_string());
        }
        // An I/O error hands out its inner error's source, not the inner error.
        next = match cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    if error.is_connect() { Failure::Connect(innermost(error)) } else { Failure::Exchange(innermost(error)) }
}

/// The cause at the bottom.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
            retry_after(&headers, 1_767_225_600_000)
        };
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 7 "), Some(7));
        assert_eq!(read("Thu, 01 Jan 2026 00:01:00 GMT"), Some(60));
        assert_eq!(read("Wed, 01 Jan 2020 00:01:00 GMT"), Some(0));
        for nonsense in ["", "-1", "soon", "1.5", "99999999999999999999"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), 0), None);
    }
}
