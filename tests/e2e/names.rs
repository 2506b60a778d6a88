//! Names whose addresses change between look-ups: only an address that was checked is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use encrata_webhooks_tests::{Api, Receiver, Reply, Resolver, Scrape, Server, Setup};
use serde_json::{Value, json};

const NAME: &str = "hooks.test";
/// Where the receiver is: an address that may be connected to.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 1, 0, 1));
/// Where a rebinding name wants to lead.
const INSIDE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A server that may reach the receiver and nothing else of this machine, a name that leads to whatever a test says,
/// and on the receiver's port, at the address inside, somebody who waits for a connection that must not come.
struct Rebinding {
    resolver: Resolver,
    receiver: Receiver,
    inside: TcpListener,
    server: Server,
    admin: Api,
    publisher: Api,
}

impl Rebinding {
    async fn start(untested: &str) -> Option<Self> {
        let resolver = Resolver::start(untested).await?;
        let (receiver, inside) = loop {
            let receiver = Receiver::elsewhere().await;
            if let Ok(inside) = TcpListener::bind((INSIDE, receiver.port())) {
                break (receiver, inside);
            }
        };
        inside.set_nonblocking(true).unwrap();
        let server = Setup::new()
            .option("--allow-network", &OUTSIDE.to_string())
            .trusting(&[&receiver])
            .resolved_by(&resolver)
            .start()
            .await;
        let (admin, publisher) = server.admin_and_publisher();
        Some(Self { resolver, receiver, inside, server, admin, publisher })
    }

    async fn webhook(&self) -> String {
        let url = self.receiver.url_by(NAME, "/hook");
        self.admin.webhook_at(&url, &["lookup.completed"]).await.id
    }

    /// Publishes the nth event and waits for what becomes of it.
    async fn delivery(&self, hook: &str, n: usize) -> Value {
        self.publisher.lookup(&self.admin.workspace_id, &format!("lu_{n}")).await;
        let ended = |all: &[Value]| all.len() == n && all[0]["status"] != "pending";
        self.admin.deliveries_when(hook, "the last one ended", ended).await.remove(0)
    }

    /// Nobody came inside, and the server says so of each attempt that would have.
    fn nobody_came_inside(&self) {
        let came = self.inside.accept().map(|(_, peer)| peer);
        assert_eq!(came.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// The attempts of a delivery that were refused, and all there were.
fn refused(delivery: &Value) -> (usize, usize) {
    let attempts = delivery["attempt_log"].as_array().unwrap();
    let is_refused = |attempt: &&Value| {
        let error = attempt["error"].as_str().unwrap_or_default();
        error == "not sent: no public address was found for the host name"
    };
    (attempts.iter().filter(is_refused).count(), attempts.len())
}

#[tokio::test]
async fn a_name_that_sometimes_leads_inside_fails_only_then() {
    let untested = "that a name which leads elsewhere at each look-up is never followed inside";
    let Some(rebinding) = Rebinding::start(untested).await else { return };
    // A connection for each request, so a look-up for each.
    rebinding.receiver.script("/hook", |_| Reply::ok().header("connection", "close"));
    rebinding.resolver.script(NAME, |nth| vec![if nth % 2 == 1 { OUTSIDE } else { INSIDE }]);
    let hook = rebinding.webhook().await;
    for n in 1..=6 {
        let delivery = rebinding.delivery(&hook, n).await;
        assert_eq!(delivery["status"], "success", "{delivery}");
        // The first look-up was good; each later delivery begins with a bad one and its retry has a good one.
        assert_eq!(refused(&delivery), if n == 1 { (0, 1) } else { (1, 2) }, "{delivery}");
    }
    rebinding.nobody_came_inside();
    assert_eq!(rebinding.receiver.received("/hook").len(), 6);
    assert_eq!(rebinding.resolver.asked(NAME), 11);
}

#[tokio::test]
async fn a_kept_connection_stays_where_it_was_checked_and_the_next_is_checked_again() {
    let untested = "that a kept connection is not led inside by a change of its name";
    let Some(rebinding) = Rebinding::start(untested).await else { return };
    rebinding.resolver.script(NAME, |nth| vec![if nth == 1 { OUTSIDE } else { INSIDE }]);
    rebinding.receiver.script("/hook", |request| match request.nth {
        5 => Reply::ok().header("connection", "close"),
        _ => Reply::ok(),
    });
    let hook = rebinding.webhook().await;
    for n in 1..=5 {
        assert_eq!(rebinding.delivery(&hook, n).await["status"], "success");
    }
    assert_eq!((rebinding.resolver.asked(NAME), rebinding.receiver.connections()), (1, 1));
    let delivery = rebinding.delivery(&hook, 6).await;
    assert_eq!(delivery["status"], "failed", "{delivery}");
    assert_eq!(refused(&delivery), (6, 6), "{delivery}");
    let tested =
        rebinding.admin.post("/api/webhooks/test", serde_json::json!({"id": hook})).await.expect(200);
    assert_eq!(tested.field("error"), "not sent: no public address was found for the host name");
    rebinding.nobody_came_inside();
    assert_eq!(rebinding.receiver.connections(), 1);
}

#[tokio::test]
async fn of_a_name_with_many_addresses_only_those_outside_are_connected_to() {
    let untested = "that of a name's addresses those inside are left out";
    let Some(rebinding) = Rebinding::start(untested).await else { return };
    rebinding.receiver.script("/hook", |_| Reply::ok().header("connection", "close"));
    rebinding.resolver.script(NAME, |nth| {
        let inside = ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"];
        let mut addresses = inside.map(|address| address.parse().unwrap()).to_vec();
        // Where it stands makes no difference.
        addresses.insert(nth % (inside.len() + 1), OUTSIDE);
        addresses
    });
    let hook = rebinding.webhook().await;
    for n in 1..=7 {
        let delivery = rebinding.delivery(&hook, n).await;
        assert_eq!(
            (&delivery["status"], &delivery["attempts"]),
            (&"success".into(), &1.into()),
            "{delivery}"
        );
    }
    rebinding.nobody_came_inside();

    // None is left: nothing is connected to, in either family.
    rebinding.resolver.script(NAME, |_| vec![Ipv6Addr::LOCALHOST.into(), INSIDE]);
    let delivery = rebinding.delivery(&hook, 8).await;
    assert_eq!(delivery["status"], "failed");
    assert!(delivery["error"].as_str().unwrap().contains("not sent"), "{delivery}");
    rebinding.nobody_came_inside();
    let blocked = r#"encrata_deliveries_retried_total{reason="blocked"}"#;
    assert!(rebinding.server.scrape().await.value(blocked) > 0.0);
}

/// What asks for names that nobody answers holds a thread for each until the system gives up.
#[tokio::test]
async fn names_that_are_never_answered_hold_up_no_other_workspace() {
    let untested = "that names which are never answered hold up no other workspace";
    let Some(rebinding) = Rebinding::start(untested).await else { return };
    let Rebinding { resolver, receiver, server, admin, publisher, .. } = &rebinding;
    resolver.ignore("silent.test");
    resolver.script(NAME, |_| vec![OUTSIDE]);
    // A connection for each request, so a look-up for each.
    receiver.script("/hook", |_| Reply::ok().header("connection", "close"));
    let other = server.key("other", "admin");
    let good = other.webhook_at(&receiver.url_by(NAME, "/hook"), &["lookup.completed"]).await;
    let mut hooks = Vec::new();
    for n in 0..50 {
        let url = format!("https://{n}.silent.test/hook");
        hooks.push(admin.webhook_at(&url, &["lookup.completed"]).await);
    }
    let event = |n: usize| {
        json!({"workspace_id": admin.workspace_id, "event": "lookup.completed",
               "data": {"email": "ada@example.com", "lookup_id": format!("lu_{n}")}})
    };
    publisher.post("/api/events/batch", (0..20).map(event).collect()).await.expect(202);
    let busy = |metrics: &Scrape| metrics.value("encrata_requests_in_flight") > 600.0;
    server.metrics_when("hundreds of look-ups", busy).await;
    let tests: Vec<_> = hooks[..4]
        .iter()
        .map(|hook| (admin.clone(), json!({"id": hook.id})))
        .map(|(admin, test)| tokio::spawn(async move { admin.post("/api/webhooks/test", test).await }))
        .collect();

    for n in 1..=3 {
        publisher.lookup(&other.workspace_id, &format!("lu_{n}")).await;
        let ended = |all: &[Value]| all.len() == 2 * n - 1 && all[0]["status"] != "pending";
        let delivery = other.deliveries_when(&good.id, "it ended", ended).await.remove(0);
        assert_eq!(
            (&delivery["status"], &delivery["attempts"]),
            (&json!("success"), &json!(1)),
            "{delivery}"
        );
        let tested = other.post("/api/webhooks/test", json!({"id": good.id})).await.expect(200);
        assert_eq!(tested.field("status"), "delivered", "{tested:?}");
    }
    // Who waited in vain is told for what: nobody was too slow to answer a request.
    for test in tests {
        let tested = test.await.unwrap().expect(200);
        let error = tested.field("error");
        assert!(error.contains("the host name was not looked up in time"), "{tested:?}");
    }
    let resolve = r#"encrata_deliveries_retried_total{reason="resolve"}"#;
    let metrics = server.metrics_when("deliveries failed", |metrics| metrics.value(resolve) > 0.0).await;
    assert!(metrics.value(r#"encrata_deliveries_retried_total{reason="timeout"}"#) < 1.0, "{metrics:?}");
}
