//! The page at `/settings/webhooks`, as far as the server serves it; what is on it is tested in a browser.

use encrata_webhooks_tests::{Setup, run};
use reqwest::Method;

#[tokio::test]
async fn the_page_is_served_with_headers_that_allow_it_nothing_else() {
    let server = Setup::new().start().await;
    let nobody = server.anonymous();
    for path in ["/settings/webhooks", "/settings/webhooks/", "/settings/webhooks/keys/1"] {
        let page = nobody.get(path).await.expect(200);
        assert!(page.text.to_ascii_lowercase().starts_with("<!doctype html>"), "{path}: {}", page.text);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        for no in ["unsafe-inline", "'unsafe-eval'", "*", "http:", "data:"] {
            assert!(!policy.contains(no), "{policy}");
        }
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("same-origin"));
        assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
        assert!(page.header("permissions-policy").unwrap().contains("camera=()"));
        // Nothing inline, which the policy would refuse.
        assert!(!page.text.contains("<style") && !page.text.contains(" style="), "{}", page.text);
    }
    let gone = nobody.get("/settings/webhooks/assets/of-another-version.js").await.expect(404);
    assert!(gone.error().contains("load it anew"), "{gone:?}");
    nobody.send(Method::POST, "/settings/webhooks", &[], None).await.expect(405);
    nobody.get("/settings").await.expect(404);
}

/// The client follows redirects.
#[tokio::test]
async fn the_root_leads_to_the_page() {
    let server = Setup::new().start().await;
    let root = server.anonymous().get("/").await.expect(200);
    assert_eq!(root.text, server.anonymous().get("/settings/webhooks").await.text);
}

#[tokio::test]
async fn the_command_line_prints_the_description_that_is_served() {
    let server = Setup::new().start().await;
    let printed = run(&["openapi"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let printed: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(printed, server.anonymous().get("/api/openapi.json").await.expect(200).json());
}
