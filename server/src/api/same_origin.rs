//! Whether a request that a browser sends with the page's cookie comes from the page. The cookie's `SameSite=Strict`
//! keeps other sites away by itself; this also keeps away other hosts of the same site.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use url::Url;

use super::{ApiError, App};

/// No form can send it, and a script elsewhere only after this server has allowed it, which it never does.
const PAGE: &str = "x-encrata-page";

/// Refuses what does not come from the page.
pub(super) fn require(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    if headers.get(PAGE).is_none_or(|value| value != "1") {
        let why = "a session changes something only with the header X-Encrata-Page: 1";
        return Err(ApiError::Status(StatusCode::FORBIDDEN, why.into()));
    }
    refuse_foreign(app, headers)
}

/// Refuses what a browser says another origin has made.
pub(super) fn refuse_foreign(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    if is_foreign(headers, app.public_url.as_ref()) {
        let why = "the request comes from another origin than the page's: if that is not so, --public-url does not \
                   name where the page is served";
        return Err(ApiError::Status(StatusCode::FORBIDDEN, why.into()));
    }
    Ok(())
}

fn is_foreign(headers: &HeaderMap, public: Option<&Url>) -> bool {
    // Where it is sent it is the browser's own judgement; on a page without TLS it is not sent.
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin";
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let Ok(origin) = origin.to_str() else { return true };
    match public {
        Some(url) => origin != url.origin().ascii_serialization(),
        None => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            origin.split_once("://").is_none_or(|(_, named)| Some(named) != host)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_decides_then_the_origin() {
        let public = Url::parse("https://hooks.example.com").unwrap();
        for (headers, public, foreign) in [
            (&[][..], None, false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], None, false),
            (&[("sec-fetch-site", "same-site")], None, true),
            (&[("sec-fetch-site", "cross-site")], None, true),
            (&[("sec-fetch-site", "none")], None, true),
            (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], None, false),
            (&[("origin", "http://127.0.0.1:8081"), ("host", "127.0.0.1:8080")], None, true),
            (&[("origin", "null"), ("host", "127.0.0.1:8080")], None, true),
            (&[("origin", "null")], None, true),
            (&[("origin", "https://hooks.example.com"), ("host", "inner")], Some(&public), false),
            (&[("origin", "http://hooks.example.com"), ("host", "hooks.example.com")], Some(&public), true),
        ] {
            let map: HeaderMap =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(is_foreign(&map, public), foreign, "{headers:?}");
        }
    }
}
