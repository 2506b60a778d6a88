//! Where nothing is sent.

use std::net::{IpAddr, TcpListener, ToSocketAddrs as _};

use encrata_webhooks::EventKind;
use encrata_webhooks_tests::{
    GOLDEN_BODY, GOLDEN_SECRET, MASTER_KEY, Receiver, Reply, Setup, plant_event, plant_webhook,
};
use serde_json::json;

#[tokio::test]
async fn urls_that_lead_inside_are_refused_when_they_are_registered() {
    let server = Setup::bare().option("--webhook-rate-limit", "0").start().await;
    let admin = server.key("acme", "admin");
    let made = admin.webhook_at("https://example.com/hook", &["lookup.completed"]).await;
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
        ("https://017700000001/", "loopback"),
        ("https://127.0.0.1./", "loopback"),
        ("https://127.0.0.1:8443/", "loopback"),
        ("https://127%2e0%2e0%2e1/", "loopback"),
        ("https://127。0。0。1/", "loopback"),
        ("https://１２７.0.0.1/", "loopback"),
        ("https://ｌｏｃａｌｈｏｓｔ/", "loopback"),
        ("https://[::127.0.0.1]/", "another shape"),
        ("https://[64:ff9b::169.254.169.254]/", "metadata"),
        ("https://[2002:7f00:1::]/", "6to4"),
        ("https://[2001:0:7f00:1::]/", "Teredo"),
        ("https://[fe80::1]/", "link-local"),
        ("https://[fe80::1%25eth0]/", "not an absolute URL"),
        ("https://0/", "this network"),
        ("https://224.0.0.1/", "multicast"),
        ("https://255.255.255.255/", "broadcast"),
        // Whose host is which is the parser's to say, and it is the one that connects.
        ("https://example.com@127.0.0.1/", "user name"),
        ("https://127.0.0.1@example.com/", "user name"),
        ("https://127.0.0.1#@example.com/", "fragment"),
        ("https://127.0.0.1\\@example.com/", "loopback"),
        ("https://127.0.0.1?@example.com/", "loopback"),
        ("https://example.com:pw@127.0.0.1/", "user name"),
        ("https://127.0.0.1:443:80/", "not an absolute URL"),
        ("https://1.2.3.4.5/", "not an absolute URL"),
        ("https://256.0.0.1/", "not an absolute URL"),
        ("https:///127.0.0.1/", "loopback"),
        ("https:127.0.0.1", "not written like"),
        ("https:\\\\127.0.0.1/", "not written like"),
        ("https://127.0.0.1\t.example.com/", "white space"),
        ("https://\u{2060}127.0.0.1/", "loopback"),
        ("https://exa mple.com/", "white space"),
    ] {
        let refused = admin.post("/api/webhooks", json!({"url": url, "events": ["lookup.completed"]})).await;
        assert!(refused.clone().expect(400).error().contains(reason), "{url}: {refused:?}");
        let moved = admin.put("/api/webhooks", json!({"id": made.id, "url": url})).await;
        assert_eq!(moved.expect(400).error(), refused.error(), "{url}");
        let checked = admin.post("/api/webhooks/check", json!({"url": url})).await.expect(200).json();
        assert_eq!((&checked["ok"], &checked["error"]), (&false.into(), &refused.error().into()), "{url}");
    }
    assert_eq!(admin.get(&format!("/api/webhooks?id={}", made.id)).await.field("url"), made.url);
}

/// The first address is checked, and there is no second.
#[tokio::test]
async fn a_redirect_that_leads_inside_is_not_followed() {
    let receiver = Receiver::elsewhere().await;
    let inside = TcpListener::bind("127.0.0.1:0").unwrap();
    inside.set_nonblocking(true).unwrap();
    let target = inside.local_addr().unwrap();
    let setup = Setup::new().option("--allow-network", "127.1.0.1").option("--retry-schedule", "");
    let server = setup.trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    for (n, location) in [format!("https://{target}/"), format!("http://{target}/"), format!("//{target}/")]
        .into_iter()
        .enumerate()
    {
        let path = format!("/moved{n}");
        receiver.script(&path, move |_| Reply::status(307).header("Location", location.clone()));
        let hook = admin.webhook(&receiver, &path, &["lookup.completed"]).await;
        publisher.lookup(&admin.workspace_id, "lu_1").await;
        let delivery = admin.delivery_when(&hook.id, "failed").await;
        assert!(delivery["error"].as_str().unwrap().contains("redirect"), "{delivery}");
        admin.delete(&format!("/api/webhooks?id={}", hook.id)).await.expect(200);
    }
    let came = inside.accept().map(|(_, peer)| peer);
    assert_eq!(came.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
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

/// All that is said of a name without an address that may be connected to.
const NO_ADDRESS: &str = "not sent: no public address was found for the host name";

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
    let server = Setup::bare()
        .option("--webhook-rate-limit", "0")
        .option("--retry-schedule", "")
        .option("--log", "debug");
    let server = server.start().await;
    let (admin, publisher) = server.admin_and_publisher();
    // Nothing of the name says where it leads, so it can be registered.
    let hook = admin.webhook_at(&format!("https://{name}:{port}/"), &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    let delivery = admin.delivery_when(&hook.id, "failed").await;
    let error = delivery["error"].as_str().unwrap();
    assert_eq!(error, NO_ADDRESS);
    // As one that is not there at all, so nobody learns which names there are inside.
    let unknown = admin.webhook_at("https://nothing.invalid/", &["lookup.completed"]).await;
    for id in [hook.id, unknown.id] {
        let tested = admin.post("/api/webhooks/test", json!({"id": id})).await.expect(200);
        assert_eq!(tested.field("error"), NO_ADDRESS);
    }
    let connected = listener.accept().map(|(_, peer)| peer);
    assert_eq!(connected.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    // The operator can see more.
    let (_, _, log) = server.terminate().await;
    let line = log.lines().find(|line| line.contains("the name leads inside")).unwrap();
    assert!(line.contains(&address.to_string()) && line.contains(&name), "{line}");
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
