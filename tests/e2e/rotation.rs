//! Rotating a secret without losing an event.

use encrata_webhooks_tests::{Api, Hook, Received, Receiver, Server};
use serde_json::{Value, json};

struct Case {
    _server: Server,
    receiver: Receiver,
    admin: Api,
    publisher: Api,
    hook: Hook,
}

impl Case {
    async fn new() -> Self {
        let receiver = Receiver::start().await;
        let server = Server::start(&receiver).await;
        let (admin, publisher) = server.admin_and_publisher();
        let hook = admin.webhook_at(&receiver.url("/hook"), &["lookup.completed"]).await;
        Self { _server: server, receiver, admin, publisher, hook }
    }

    async fn rotate(&self, more: Value) -> encrata_webhooks_tests::Answer {
        let mut body = json!({"id": self.hook.id});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.admin.post("/api/webhooks/rotate", body).await
    }

    /// The next delivery.
    async fn deliver(&self) -> Received {
        let had = self.receiver.received("/hook").len();
        self.publisher.lookup(&self.admin.workspace_id, "lu_1").await;
        self.receiver.wait_for("/hook", had + 1).await.remove(had)
    }
}

/// What the plain header says of a secret.
fn plain_matches(request: &Received, secret: &str) -> bool {
    encrata_webhooks::verify_signature(&request.body, secret, request.header("x-encrata-signature"))
}

fn signatures(request: &Received) -> usize {
    request.header("webhook-signature").split(' ').count()
}

#[tokio::test]
async fn during_the_overlap_both_secrets_verify_and_the_plain_header_stays_with_the_old() {
    let case = Case::new().await;
    let old = case.hook.secret.clone();
    let before = case.deliver().await;
    assert!(plain_matches(&before, &old) && signatures(&before) == 1);

    let rotated = case.rotate(json!({})).await.expect(200);
    let new = rotated.field("secret");
    assert!(new.starts_with("whsec_") && new != old);
    let during = case.deliver().await;
    assert!(during.verify(&old).is_ok() && during.verify(&new).is_ok());
    assert_eq!(signatures(&during), 2);
    assert!(plain_matches(&during, &old) && !plain_matches(&during, &new));

    let shown =
        async || case.admin.get(&format!("/api/webhooks?id={}", case.hook.id)).await.expect(200).json();
    assert_eq!(shown().await["overlap_until"], rotated.json()["overlap_until"]);

    let second = case.rotate(json!({})).await.expect(409);
    assert!(second.error().contains("under way"), "{second:?}");
    assert!(case.deliver().await.verify(&new).is_ok(), "a refused rotation changes nothing");

    for _ in 0..2 {
        let finished = case.rotate(json!({"finish": true})).await.expect(200).json();
        assert_eq!(finished, json!({"status": "finished"}));
        let after = case.deliver().await;
        assert!(after.verify(&new).is_ok() && after.verify(&old).is_err());
        assert_eq!(signatures(&after), 1);
        assert!(plain_matches(&after, &new));
        assert!(shown().await.get("overlap_until").is_none());
    }
    case.rotate(json!({})).await.expect(200);
}

#[tokio::test]
async fn a_leaked_secret_is_replaced_at_once_also_during_an_overlap() {
    let case = Case::new().await;
    let during = case.rotate(json!({"overlap_seconds": 3600})).await.expect(200).field("secret");
    let new = case.rotate(json!({"overlap_seconds": 0})).await.expect(200).field("secret");
    let request = case.deliver().await;
    assert!(request.verify(&new).is_ok() && plain_matches(&request, &new));
    for leaked in [&case.hook.secret, &during] {
        assert!(request.verify(leaked).is_err() && !plain_matches(&request, leaked));
    }
}

#[tokio::test]
async fn an_overlap_ends_by_itself() {
    let case = Case::new().await;
    let new = case.rotate(json!({"overlap_seconds": 1})).await.expect(200);
    let until = encrata_webhooks_server::clock::parse_rfc3339(&new.field("overlap_until")).unwrap();
    // The end is a moment in time: there is nothing else to wait for.
    let left = until - encrata_webhooks_server::clock::now_ms();
    tokio::time::sleep(std::time::Duration::from_millis(u64::try_from(left).unwrap_or(0) + 5)).await;
    let shown = case.admin.get(&format!("/api/webhooks?id={}", case.hook.id)).await.expect(200).json();
    assert!(shown.get("overlap_until").is_none(), "{shown}");
    let request = case.deliver().await;
    assert_eq!(signatures(&request), 1);
    assert!(request.verify(&new.field("secret")).is_ok() && request.verify(&case.hook.secret).is_err());
}

#[tokio::test]
async fn a_wrong_overlap_is_refused() {
    let case = Case::new().await;
    for (more, reason) in [
        (json!({"overlap_seconds": -1}), "from 0 to 604800"),
        (json!({"overlap_seconds": 604_801}), "from 0 to 604800"),
        (json!({"overlap_seconds": 1.5}), "does not fit"),
        (json!({"overlap_seconds": 60, "finish": true}), "exclude each other"),
        (json!({"finish": false}), "can only be true"),
    ] {
        let refused = case.rotate(more).await.expect(400);
        assert!(refused.error().contains(reason), "{refused:?}");
    }
    case.rotate(json!({"overlap_seconds": 604_800})).await.expect(200);
}
