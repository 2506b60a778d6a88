//! Deliveries through a proxy.

use encrata_webhooks::EventKind;
use encrata_webhooks_tests::{
    GOLDEN_BODY, GOLDEN_SECRET, MASTER_KEY, Proxy, Receiver, Setup, plant_event, plant_webhook, run,
};

const CREDENTIALS: &str = "user:mark-p%40ss@";
/// `user:mark-p@ss`.
const BASIC: &str = "Basic dXNlcjptYXJrLXBAc3M=";

#[tokio::test]
async fn deliveries_go_through_the_proxy_which_looks_names_up() {
    let receiver = Receiver::start().await;
    for proxy in [Proxy::start().await, Proxy::start_over_tls().await] {
        // Nobody else knows the name.
        proxy.knows("hooks.test", "127.0.0.1");
        let setup = Setup::new()
            .trusting_pem(&[receiver.ca_pem(), proxy.ca_pem()].concat())
            .option("--log", "trace")
            .env("ENCRATA_EGRESS_PROXY", &proxy.url(CREDENTIALS));
        let server = setup.start().await;
        let (admin, publisher) = server.admin_and_publisher();
        let hook = admin.webhook_at(&receiver.url_by("hooks.test", "/hook"), &["lookup.completed"]).await;
        for n in 1..=2 {
            publisher.lookup(&admin.workspace_id, &format!("lu_{n}")).await;
            let all = |all: &[serde_json::Value]| {
                all.len() == n && all.iter().all(|one| one["status"] == "success")
            };
            admin.deliveries_when(&hook.id, "delivered", all).await;
        }
        let asked = proxy.asked();
        assert_eq!(asked.len(), 1, "the tunnel is kept: {asked:?}");
        assert!(asked[0].starts_with(&format!("CONNECT hooks.test:{} HTTP/1.1\r\n", receiver.port())));
        assert!(asked[0].contains(&format!("Proxy-Authorization: {BASIC}\r\n")), "{asked:?}");
        assert_eq!(receiver.received("/hook").len() % 2, 0);

        // The operator is told, and nobody is told the password.
        let output = server.output();
        assert!(output.contains("must keep them out of private networks"), "{output}");
        assert!(output.contains(&proxy.url("")), "{output}");
        let (_, _, log) = server.terminate().await;
        assert!(log.contains("must keep them out of private networks"), "{log}");
        for text in [output, log] {
            for secret in ["mark-p", BASIC, "dXNlcjptYXJr"] {
                let line = text.lines().find(|line| line.contains(secret));
                assert!(line.is_none(), "{secret} is shown: {line:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_proxy_does_not_do_is_told_to_the_operator() {
    let receiver = Receiver::start().await;
    // Bound, so that nobody else can have it, and not listening.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let gone = format!("http://{CREDENTIALS}{}", closed.local_addr().unwrap());
    let proxy = Proxy::start().await;
    // Speaks no TLS.
    let plain = proxy.url(CREDENTIALS).replace("http:", "https:");
    for (url, status, says) in [
        (gone, 0, "refused"),
        // There is no such name, or nobody to ask in time.
        (format!("http://{CREDENTIALS}proxy.invalid:3128"), 0, "look"),
        (proxy.url(CREDENTIALS), 407, "proxy authorization required"),
        (proxy.url(CREDENTIALS), 403, "unsuccessful"),
        (proxy.url(CREDENTIALS), 502, "unsuccessful"),
        (plain, 502, ""),
    ] {
        proxy.refuses(status);
        let setup = Setup::new().trusting(&[&receiver]).option("--retry-schedule", "");
        let setup = setup.option("--log", "info,encrata_webhooks_server::delivery=debug");
        let server = setup.option("--egress-proxy", &url).start().await;
        let (admin, publisher) = server.admin_and_publisher();
        let hook = admin.webhook_at(&receiver.url("/hook"), &["lookup.completed"]).await;
        publisher.lookup(&admin.workspace_id, "lu_1").await;
        let delivery = admin.delivery_when(&hook.id, "failed").await;
        assert_eq!(delivery["error"], "no connection through the operator's proxy", "{status}");
        let (_, _, log) = server.terminate().await;
        let line =
            log.lines().find(|line| line.contains("the proxy gave no connection")).unwrap().to_lowercase();
        let (scheme, address) = (url.split(':').next().unwrap(), url.rsplit('@').next().unwrap());
        assert!(line.contains(&format!("{scheme}://{address}")) && line.contains(says), "{status}: {line}");
        assert!(!line.contains("mark-p") && !line.contains("user"), "{line}");
    }
    assert_eq!(receiver.connections(), 0, "it was reached without the proxy");
}

/// Addresses that stand in a URL are not for the proxy to judge.
#[tokio::test]
async fn an_address_inside_is_not_even_asked_for() {
    let proxy = Proxy::start().await;
    let setup = Setup::bare().option("--retry-schedule", "").env("ENCRATA_MASTER_KEY", MASTER_KEY);
    let setup = setup.option("--egress-proxy", &proxy.url(""));
    let key = setup.create_key("acme", "admin");
    let (workspace_id, key) = (key["workspace_id"].as_str().unwrap(), key["key"].as_str().unwrap());
    let store = setup.store().await;
    let mut planted = Vec::new();
    for url in ["https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/", "https://localhost/"] {
        planted.push(plant_webhook(&store, workspace_id, url, GOLDEN_SECRET, EventKind::Test).await);
    }
    plant_event(&store, workspace_id, EventKind::Test, GOLDEN_BODY).await;
    store.close().await;
    let server = setup.start().await;
    let admin = server.anonymous().with_key(key);
    for id in planted {
        let delivery = admin.delivery_when(&id, "failed").await;
        assert!(delivery["error"].as_str().unwrap().contains("not sent"), "{delivery}");
    }
    let url = "https://10.0.0.1/";
    let body = serde_json::json!({"url": url, "events": ["lookup.completed"]});
    assert!(admin.post("/api/webhooks", body).await.expect(400).error().contains("private"));
    assert!(proxy.asked().is_empty(), "{:?}", proxy.asked());
}

#[test]
fn a_proxy_that_is_none_is_refused_without_its_password() {
    for url in ["socks5://user:mark-p@proxy:1080", "user:mark-p@proxy:3128", "http://user:mark-p@proxy/path"]
    {
        let refused = run(&["serve", "--egress-proxy", url]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("it is no proxy: write it like"), "{refused:?}");
        assert!(!refused.stderr.contains("mark-p"), "{refused:?}");
    }
    let help = run(&["serve", "--help"]).stdout;
    assert!(help.contains("must keep deliveries out of private networks"), "{help}");
}
