//! The keys API, and the events that keys publish.

use encrata_webhooks_tests::{Receiver, Server, Setup};
use serde_json::{Value, json};

async fn listed(admin: &encrata_webhooks_tests::Api, id: &str) -> Option<Value> {
    let keys = admin.get("/api/keys").await.expect(200).json();
    keys["keys"].as_array().unwrap().iter().find(|key| key["id"] == *id).cloned()
}

#[tokio::test]
async fn a_key_from_its_making_to_its_end() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let admin = server.key("acme", "admin");
    admin.webhook(&receiver, "/hook", &["apikey.created", "apikey.revoked"]).await;

    let made = admin.post("/api/keys", json!({"name": "Production"})).await.expect(201);
    let (id, key) = (made.field("id"), made.field("key"));
    let random = key.strip_prefix("enc_live_").unwrap();
    assert!(
        random.len() == 32 && random.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
        "{key}"
    );
    let preview = format!("...{}", &key[key.len() - 4..]);
    assert_eq!((made.field("key_preview"), made.field("name")), (preview.clone(), "Production".into()));
    made.field("created_at");
    let created = receiver.wait_for("/hook", 1).await.remove(0);
    assert_eq!(created.json()["event"], "apikey.created");
    assert_eq!(created.json()["data"], json!({"key_id": id, "name": "Production", "key_preview": preview}));

    let object = listed(&admin, &id).await.unwrap();
    assert!(object.get("key").is_none(), "{object}");
    assert_eq!(
        (&object["last_used"], &object["total_requests"], &object["credit_limit"]),
        (&Value::Null, &json!(0), &Value::Null)
    );
    assert_eq!((&object["is_active"], &object["disabled_by_admin"]), (&json!(true), &json!(false)));
    assert!(
        key.starts_with(object["key_prefix"].as_str().unwrap()) && object["credits_used"] == 0,
        "{object}"
    );

    let client = admin.with_key(&key);
    for _ in 0..3 {
        client.get("/api/me").await.expect(200);
    }
    let object = listed(&admin, &id).await.unwrap();
    assert!(object["total_requests"] == 3 && object["last_used"].is_string(), "{object}");

    let updated = json!({"message": "API key updated"});
    assert_eq!(admin.put("/api/keys", json!({"id": id, "name": "Live"})).await.expect(200).json(), updated);
    assert_eq!(listed(&admin, &id).await.unwrap()["name"], "Live");
    for (limit, shown) in [(json!(500), json!(500)), (Value::Null, Value::Null)] {
        let answer =
            admin.post("/api/keys/limit", json!({"id": id, "credit_limit": limit})).await.expect(200);
        assert_eq!(answer.json(), updated);
        assert_eq!(listed(&admin, &id).await.unwrap()["credit_limit"], shown);
    }

    let disabled = admin.patch(&format!("/api/keys?id={id}&action=disable")).await.expect(200);
    assert_eq!(disabled.json(), updated);
    client.get("/api/me").await.expect(401);
    let object = listed(&admin, &id).await.unwrap();
    assert_eq!((&object["is_active"], &object["disabled_by_admin"]), (&json!(false), &json!(true)));
    admin.patch(&format!("/api/keys?id={id}&action=enable")).await.expect(200);
    client.get("/api/me").await.expect(200);

    let revoked = admin.delete(&format!("/api/keys?id={id}")).await.expect(200).json();
    assert_eq!(revoked, json!({"message": "API key revoked"}));
    assert_eq!(client.get("/api/me").await.expect(401).json(), json!({"error": "unauthorized"}));
    assert_eq!(listed(&admin, &id).await.unwrap()["is_active"], false);
    // For good: neither way back leads anywhere.
    for action in ["enable", "disable", "enable"] {
        admin.patch(&format!("/api/keys?id={id}&action={action}")).await.expect(409);
    }
    client.get("/api/me").await.expect(401);
    let requests = receiver.wait_for("/hook", 2).await;
    assert_eq!(requests[1].json()["event"], "apikey.revoked");
    assert_eq!(requests[1].json()["data"], json!({"key_id": id, "name": "Live", "key_preview": preview}));

    // It was not active any more: no second event. The next key's is the next to come.
    let deleted = admin.delete(&format!("/api/keys?id={id}&permanent=true")).await.expect(200).json();
    assert_eq!(deleted, json!({"message": "API key deleted"}));
    assert!(listed(&admin, &id).await.is_none());
    admin.delete(&format!("/api/keys?id={id}")).await.expect(404);
    let second = admin.post("/api/keys", json!({"name": "Second"})).await.expect(201).field("id");
    let requests = receiver.wait_for("/hook", 3).await;
    assert_eq!(requests[2].json()["data"]["key_id"], second);
    let deleted = admin.delete(&format!("/api/keys?id={second}&permanent=true")).await.expect(200).json();
    assert_eq!(deleted, json!({"message": "API key deleted"}));
    let requests = receiver.wait_for("/hook", 4).await;
    assert_eq!(requests[3].json()["event"], "apikey.revoked");
}

/// Counts are kept in memory for a while; a stop must not lose them.
#[tokio::test]
async fn request_counts_survive_a_stop() {
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    for _ in 0..5 {
        admin.get("/api/me").await.expect(200);
    }
    let (setup, status, _) = server.terminate().await;
    assert!(status.success());
    let server = setup.start().await;
    let admin = server.rebase(&admin);
    assert_eq!(listed(&admin, &admin.key_id).await.unwrap()["total_requests"], 6);
}

#[tokio::test]
async fn nobody_makes_a_key_that_is_more_than_their_own() {
    let server = Setup::new().start().await;
    let member = server.key("acme", "member");
    let admin = server.key("acme", "admin");
    let role = |role: &str| json!({"name": "x", "role": role});
    let refused = member.post("/api/keys", role("admin")).await.expect(403);
    assert!(refused.error().contains("use an admin's"), "{refused:?}");
    member.post("/api/keys", role("member")).await.expect(201);
    admin.post("/api/keys", role("admin")).await.expect(201);
    admin.post("/api/keys", role("tech")).await.expect(201);
    let refused = admin.post("/api/keys", role("publisher")).await.expect(400);
    assert!(refused.error().contains("command line"), "{refused:?}");
    let refused = admin.post("/api/keys", role("owner")).await.expect(400);
    assert!(refused.error().contains("admin, member, readonly"), "{refused:?}");
}

#[tokio::test]
async fn what_me_says() {
    let server = Setup::new().start().await;
    let admin = server.key("acme", "admin");
    let set = ["workspaces", "set", "--workspace", "acme", "--email", "ada@example.com", "--plan", "pro"];
    let database = server.setup().database();
    let set = encrata_webhooks_tests::run(
        &[&set[..], &["--credits-remaining", "7", "--database", &database]].concat(),
    );
    assert_eq!(set.code, Some(0), "{set:?}");
    let me = json!({"email": "ada@example.com", "name": "admin", "plan": "pro", "credits_remaining": 7,
                    "role": "admin", "workspace": {"name": "acme"}});
    for path in ["/api/me", "/api/auth/me", "/api/agent/me", "/api/cli/me"] {
        assert_eq!(admin.get(path).await.expect(200).json(), me, "{path}");
    }
}
