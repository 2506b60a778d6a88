//! Whether the process lives, and whether it can work.

use encrata_webhooks_tests::{Receiver, Setup};
use serde_json::json;

use crate::sql::execute;

#[tokio::test]
async fn a_server_that_can_not_work_is_not_ready_and_lives() {
    let server = Setup::new().start().await;
    let nobody = server.anonymous();
    for prefix in ["/api", "/api/agent", "/api/cli"] {
        for probe in ["health", "health/live", "health/ready"] {
            let answer = nobody.get(&format!("{prefix}/{probe}")).await.expect(200);
            assert_eq!(answer.json(), json!({"status": "ok"}));
        }
    }
    execute(&server.setup().database_file(), "alter table settings rename to elsewhere").await;
    for probe in ["/api/health", "/api/health/ready"] {
        assert_eq!(nobody.get(probe).await.expect(503).error(), "the database does not answer");
    }
    nobody.get("/api/health/live").await.expect(200);
    nobody.post("/api/health/live", json!({})).await.expect(405);
}

#[tokio::test]
async fn a_server_whose_outcomes_wait_is_not_ready() {
    let receiver = Receiver::start().await;
    let server = Setup::new().trusting(&[&receiver]).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    execute(&server.setup().database_file(), "alter table deliveries rename to elsewhere").await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    server.metrics_when("stuck", |scrape| scrape.value("encrata_store_stuck") == 1.0).await;
    let nobody = server.anonymous();
    assert!(nobody.get("/api/health/ready").await.expect(503).error().contains("takes no writes"));
    nobody.get("/api/health/live").await.expect(200);
}
