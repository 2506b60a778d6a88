//! What Prometheus asks for. It is no part of the API: it has no key, and no place in the description.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text;
use url::{Host, Url};

use super::{ApiError, method_not_allowed, unknown_path};
use crate::metrics::METRICS;

/// Beside the API, where others call as well: answered to this machine only, and not at all when the server is found at the
/// URL of a proxy in front of it. A proxy on this machine that marks nothing looks as this machine does.
pub(crate) fn beside_the_api(public_url: Option<&Url>) -> Router {
    let is_behind_proxy = public_url.is_some_and(|url| !is_loopback(url));
    let scrape = move |ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap| async move {
        if !is_behind_proxy && is_local(peer, &headers) {
            return Ok(scrape().await);
        }
        let why =
            "metrics are for this machine only: --metrics-listen serves them on an address of their own";
        Err(ApiError::Status(StatusCode::FORBIDDEN, why.into()))
    };
    Router::new().route("/metrics", get(scrape)).method_not_allowed_fallback(method_not_allowed)
}

/// On an address of their own.
pub(crate) fn alone() -> Router {
    let router = Router::new().route("/metrics", get(scrape)).method_not_allowed_fallback(method_not_allowed);
    router.fallback(unknown_path)
}

async fn scrape() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], METRICS.encode())
}

/// Whether a request comes from this machine, and not by way of a proxy on it.
fn is_local(peer: SocketAddr, headers: &HeaderMap) -> bool {
    let is_marked = |name: &str| name.starts_with("x-forwarded-") || BY_PROXIES.contains(&name);
    peer.ip().to_canonical().is_loopback() && !headers.keys().any(|name| is_marked(name.as_str()))
}

/// What proxies add to what they forward, beside `X-Forwarded-…`.
const BY_PROXIES: [&str; 8] = [
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-real-ip",
];

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Counts what the API answers.
pub(super) async fn counted(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    let response = next.run(request).await;
    METRICS.answered(method, path.as_ref().map(MatchedPath::as_str), response.status().as_u16());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_itself_is_local() {
        let none = HeaderMap::new();
        for peer in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(is_local(peer.parse().unwrap(), &none), "{peer}");
        }
        for peer in ["10.0.0.1:1", "0.0.0.0:1", "192.0.2.1:1", "[2001:db8::1]:1", "[::ffff:10.0.0.1]:1"] {
            assert!(!is_local(peer.parse().unwrap(), &none), "{peer}");
        }
        let forwarded = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-anything"];
        for name in BY_PROXIES.into_iter().chain(forwarded) {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), "x".parse().unwrap())]);
            assert!(!is_local("127.0.0.1:1".parse().unwrap(), &headers), "{name}");
        }
    }
}
