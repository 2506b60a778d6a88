//! The page at `/settings/webhooks`: its files, embedded in the binary by `build.rs`.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use super::{ApiError, App, method_not_allowed};

/// Where the page is.
const PATH: &str = "/settings/webhooks";

pub(super) fn router() -> Router<App> {
    let index = || async move |headers: HeaderMap| index(&headers);
    Router::new()
        .route("/", get(|| async { (StatusCode::FOUND, [(header::LOCATION, PATH)]) }))
        .route(PATH, get(index()))
        .route("/settings/webhooks/", get(index()))
        .route("/settings/webhooks/{*path}", get(file))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(map_response(hardened))
}

/// A file of the page.
#[derive(Debug)]
struct File {
    /// Below [`PATH`].
    path: &'static str,
    plain: &'static [u8],
    /// The same, compressed when the page was built.
    brotli: Option<&'static [u8]>,
}

// `FILES`
include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Each file by its path, with what tells its versions apart.
static BY_PATH: LazyLock<HashMap<&'static str, (&'static File, String)>> = LazyLock::new(|| {
    let tag = |file: &File| hex::encode(&Sha256::digest(file.plain)[..12]);
    FILES.iter().map(|file| (file.path, (file, tag(file)))).collect()
});

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    // What is not there under its hashed name belongs to another version; all else is the page's own to route.
    match BY_PATH.get(&*path) {
        Some((file, tag)) => Ok(serve(file, tag, &headers)),
        None if path.starts_with("assets/") => {
            Err(ApiError::NotFound(format!("the page has no {path}: load it anew")))
        }
        None => Ok(index(&headers)),
    }
}

fn index(headers: &HeaderMap) -> Response {
    start(BY_PATH.get("index.html"), headers)
}

/// Where the page begins, or how to build it.
fn start(index: Option<&(&'static File, String)>, headers: &HeaderMap) -> Response {
    match index {
        Some((file, tag)) => serve(file, tag, headers),
        None => ([(header::CACHE_CONTROL, "no-cache")], Html(NOT_BUILT)).into_response(),
    }
}

fn serve(file: &File, tag: &str, headers: &HeaderMap) -> Response {
    let brotli = file.brotli.filter(|_| takes_brotli(headers));
    let tag = format!("\"{tag}{}\"", if brotli.is_some() { "-br" } else { "" });
    let kept = match file.path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let known = is_known(headers, &tag);
    let always = [
        (header::CACHE_CONTROL, kept.to_owned()),
        (header::VARY, "Accept-Encoding".to_owned()),
        (header::ETAG, tag),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, always).into_response();
    }
    let encoding = brotli.map(|_| [(header::CONTENT_ENCODING, "br")]);
    let kind = [(header::CONTENT_TYPE, media_type(file.path))];
    (always, kind, encoding, brotli.unwrap_or(file.plain)).into_response()
}

/// Whether a browser has this version already (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
}

/// Whether `br` is among what may be sent (RFC 9110, section 12.5.3).
fn takes_brotli(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().trim_start_matches(['q', 'Q', '=']).parse::<f32>();
        name.trim().eq_ignore_ascii_case("br") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// What a browser may do with the page: run its own scripts and ask its own server.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: with it some requests would have an origin of `null`.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
];

async fn hardened(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Served where the page would be, by a binary that was built without it.
const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Webhooks</title>
<h1>This binary was built without the page</h1>
<p>The server works, and so does its API: it is described at <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p>
<p>To have the page, build it first, which takes Node 20 or later, and then the server again:</p>
<pre>server/dashboard/build.sh
cargo build --release -p encrata-webhooks-server</pre>
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn brotli_is_sent_to_who_takes_it() {
        for value in ["br", "gzip, deflate, br, zstd", "gzip;q=0.5, BR;q=0.1", "br;q=1.0", "br; q=1"] {
            assert!(takes_brotli(&headers(header::ACCEPT_ENCODING, value)), "{value}");
        }
        for value in ["", "gzip", "br;q=0", "br;q=0.000", "brotli", "*"] {
            assert!(!takes_brotli(&headers(header::ACCEPT_ENCODING, value)), "{value}");
        }
    }

    #[test]
    fn a_file_is_sent_once_per_version_and_encoding() {
        let file = File { path: "assets/a.js", plain: b"plain", brotli: Some(b"br") };
        let of = |headers: &HeaderMap| serve(&file, "tag", headers);
        let value = |response: &Response, name: HeaderName| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let plain = of(&HeaderMap::new());
        assert_eq!(value(&plain, header::ETAG).unwrap(), "\"tag\"");
        assert_eq!(value(&plain, header::CONTENT_ENCODING), None);
        assert_eq!(value(&plain, header::CONTENT_TYPE).unwrap(), "text/javascript; charset=utf-8");
        assert_eq!(value(&plain, header::CACHE_CONTROL).unwrap(), "public, max-age=31536000, immutable");
        let brotli = of(&headers(header::ACCEPT_ENCODING, "br"));
        assert_eq!(value(&brotli, header::ETAG).unwrap(), "\"tag-br\"");
        assert_eq!(value(&brotli, header::CONTENT_ENCODING).unwrap(), "br");
        assert_eq!(value(&brotli, header::VARY).unwrap(), "Accept-Encoding");
        for (known, status) in
            [("\"tag\"", 304), ("\"x\", W/\"tag\"", 304), ("\"tag-br\"", 200), ("\"other\"", 200)]
        {
            let answer = of(&headers(header::IF_NONE_MATCH, known));
            assert_eq!(answer.status().as_u16(), status, "{known}");
        }
        let index = File { path: "index.html", plain: b"x", brotli: None };
        let index = serve(&index, "tag", &headers(header::ACCEPT_ENCODING, "br"));
        assert_eq!(value(&index, header::CACHE_CONTROL).unwrap(), "no-cache");
        assert_eq!(value(&index, header::CONTENT_ENCODING), None);
    }

    #[tokio::test]
    async fn without_the_page_the_server_says_how_to_build_it() {
        let response = start(None, &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let text = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        let mut build =
            text.lines().filter_map(|line| line.trim_start_matches("<pre>").split_whitespace().next());
        let script = build.find(|word| word.ends_with(".sh")).unwrap();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert!(root.join(script).is_file(), "{script}");
    }

    #[test]
    fn what_was_embedded_is_whole() {
        for (path, (file, _)) in &*BY_PATH {
            assert!(!file.plain.is_empty(), "{path}");
            let script = path.starts_with("assets/") && path.ends_with(".js");
            assert!(!script || file.brotli.is_some_and(|brotli| brotli.len() < file.plain.len()), "{path}");
        }
        assert!(BY_PATH.is_empty() || BY_PATH.contains_key("index.html"));
    }
}
