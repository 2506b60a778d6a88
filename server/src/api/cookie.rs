//! The page's cookie. Scripts can't read it, and no other site's request brings it along.

use axum::http::header::{COOKIE, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};

use super::App;
use crate::door::caller::Caller;
use crate::model::api_key::KeyHash;
use crate::model::session::{LIFETIME, NewToken, may_be_token};

/// Its name where the page is served over TLS: a browser takes a cookie of this prefix from this very host, over TLS
/// only (RFC 6265bis, section 4.1.3).
const OVER_TLS: &str = "__Host-encrata_session";
/// Its name elsewhere.
const PLAIN: &str = "encrata_session";

fn name(app: &App) -> &'static str {
    if app.is_over_tls() { OVER_TLS } else { PLAIN }
}

/// The hash of the token in a request's cookie.
pub(super) fn token(app: &App, headers: &HeaderMap) -> Option<KeyHash> {
    value(headers, name(app)).filter(|token| may_be_token(token)).map(KeyHash::of)
}

/// The value of the first cookie of that name.
fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|pairs| pairs.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value)
}

/// The header that hands a session to a browser, which answers a request with these `headers`.
pub(super) fn given(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    token: &NewToken,
) -> Option<HeaderValue> {
    set(app, caller, headers, token.expose(), LIFETIME.as_secs())
}

/// The header that takes it away again.
pub(super) fn taken(app: &App, caller: &Caller, headers: &HeaderMap) -> Option<HeaderValue> {
    set(app, caller, headers, "", 0)
}

fn set(app: &App, caller: &Caller, headers: &HeaderMap, value: &str, max_age_s: u64) -> Option<HeaderValue> {
    // A browser says it also where neither the operator nor the proxy has: the page's own origin is the only one that
    // gets this far.
    let says_tls = headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if app.is_over_tls() || caller.over_tls || says_tls { "; Secure" } else { "" };
    let name = name(app);
    let text = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age_s}{secure}");
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = |values: &[&str]| -> HeaderMap {
            values.iter().map(|value| (COOKIE, HeaderValue::from_str(value).unwrap())).collect()
        };
        for values in [
            &["encrata_session=t"][..],
            &["a=1; encrata_session=t;b=2"],
            &["a=1", "encrata_session=t"],
            &["encrata_session=; encrata_session=t"],
        ] {
            assert_eq!(value(&headers(values), PLAIN), Some("t"), "{values:?}");
        }
        for values in [
            &[][..],
            &["encrata_session"],
            &["encrata_session="],
            &["xencrata_session=t"],
            &["a=encrata_session=t"],
        ] {
            assert_eq!(value(&headers(values), PLAIN), None, "{values:?}");
        }
    }
}
