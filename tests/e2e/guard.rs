//! Where nothing is sent.

use std::net::{IpAddr, TcpListener, ToSocketAddrs as _};

use encrata_webhooks::EventKind;
use encrata_webhooks_tests::{
    GOLDEN_BODY, GOLDEN_SECRET, MASTER_KEY, Receiver, Setup, plant_event, plant_webhook,
};
use serde_json::json;

#[tokio::test]
async fn urls_that_lead_inside_are_refused_when_they_are_registered() {
    let server = Setup::bare().option("--webhook-rate-limit", "0").start().await;
    let admin = server.key("acme", "admin");
    for (url, reason) in [
        ("http://example.com/hook", "https"),
        ("https://127.0.0.1/hook", "loopback"),
        ("https://2130706433/", "loopback"),
        ("https://0x7f.1/", "loopback"),
        ("https://[::ffff:127.0.0.1]/", "loopback"),
        ("https://localhost/hook", "loopback"),
        ("https://LOCALHOST./hook", "loopback"),
        ("https://a.localhost.:8443/hook", "loopback"),
        ("https://10.0.0.1/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "metadata"),
        ("https://[fd00::1]/", "private"),
    ] {
        let refused = admin.post("/api/webhooks", json!({"url": url, "events": ["lookup.completed"]})).await;
        assert!(refused.clone().expect(400).error().contains(reason), "{url}: {refused:?}");
    }
    let made = admin.webhook_at("https://example.com/hook", &["lookup.completed"]).await;
    let moved = admin.put("/api/webhooks", json!({"id": made.id, "url": "https://127.0.0.1/"})).await;
    assert!(moved.expect(400).error().contains("loopback"));
}

/// The second line of defence: a webhook from before the operator took `--allow-network` away.
#[tokio::test]
async fn an_address_inside_is_not_connected_to_whoever_registered_it() {
    let receiver = Receiver::start().await;
    let setup = Setup::bare().trusting(&[&receiver]).option("--retry-schedule", "");
    let setup = setup.env("ENCRATA_MASTER_KEY", MASTER_KEY);
    let key = setup.create_key("acme", "admin");
    let (workspace_id, key) = (key["workspace_id"].as_str().unwrap(), key["key"].as_str().unwrap());
    let store = setup.store().await;
    let by_name = receiver.url("/hook").replace("127.0.0.1", "localhost");
    let literal = receiver.url("/hook");
    let mut planted = Vec::new();
    for url in [&literal, &by_name] {
        planted.push(plant_webhook(&store, workspace_id, url, GOLDEN_SECRET, EventKind::Test).await);
    }
    plant_event(&store, workspace_id, EventKind::Test, GOLDEN_BODY).await;
    store.close().await;

    let server = setup.start().await;
    let admin = server.anonymous().with_key(key);
    for id in planted {
        let delivery = admin.delivery_when(&id, "failed").await;
        let error = delivery["error"].as_str().unwrap();
        assert!(error.contains("not sent") && error.contains("loopback"), "{delivery}");
        let tested = admin.post("/api/webhooks/test", json!({"id": id})).await.expect(200);
        assert!(tested.field("error").contains("loopback"), "{tested:?}");
    }
    assert_eq!(receiver.connections(), 0);
}

/// A name that does not look local and leads to this machine, with its address; hosts files have one or the other.
fn local_name() -> Option<(String, IpAddr)> {
    let own = std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned();
    ["ip6-localhost", "ip6-loopback", "localhost.localdomain", "localhost4", "localhost6"]
        .map(str::to_owned)
        .into_iter()
        .chain([own].into_iter().filter(|name| !name.is_empty()))
        .find_map(|name| {
            let address = (name.as_str(), 0).to_socket_addrs().ok()?.next()?.ip();
            let is_ours = TcpListener::bind((address, 0)).is_ok();
            let is_public =
                encrata_webhooks_server::delivery::address::Guard::default().check(address).is_ok();
            (is_ours && !is_public).then_some((name, address))
        })
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let Some((name, address)) = local_name() else {
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "a name of this machine is needed in CI"
        );
        println!(
            "SKIPPED: that a name which leads inside is not connected to (no such name in the hosts file here)"
        );
        return;
    };
    let listener = TcpListener::bind((address, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server =
        Setup::bare().option("--webhook-rate-limit", "0").option("--retry-schedule", "").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    // Nothing of the name says where it leads, so it can be registered.
    let hook = admin.webhook_at(&format!("https://{name}:{port}/"), &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let delivery = admin.delivery_when(&hook.id, "failed").await;
    let error = delivery["error"].as_str().unwrap();
    assert!(error.contains("not sent") && error.contains(&address.to_string()), "{delivery}");
    let connected = listener.accept().map(|(_, peer)| peer);
    assert_eq!(connected.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

/// A proxy would connect wherever it is asked to: one that merely stands in the environment is not used.
#[tokio::test]
async fn a_proxy_in_the_environment_is_not_asked() {
    let receiver = Receiver::start().await;
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let mut setup = Setup::new().trusting(&[&receiver]);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        setup = setup.env(name, &url);
    }
    let server = setup.start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    admin.delivery_when(&hook.id, "success").await;
    proxy.set_nonblocking(true).unwrap();
    assert!(proxy.accept().is_err(), "somebody asked the proxy");
}
