//! Where an event's trace goes on: to the collector, and to the receiver.

use encrata_webhooks_tests::{Api, Collector, Receiver, Reply, Server, Setup, Span};
use reqwest::Method;
use serde_json::json;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    Some(format!("{:?}", found.value.as_ref()?.value.as_ref()?))
}

/// Publishes an event with this `traceparent`.
async fn publish(publisher: &Api, workspace_id: &str, traceparent: Option<&str>) {
    let event = json!({"workspace_id": workspace_id, "event": "lookup.completed",
                       "data": {"email": "ada@example.com", "lookup_id": "lu_1"}});
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(traceparent.map(|trace| ("traceparent", trace)));
    let body = Some(event.to_string().into());
    publisher.send(Method::POST, "/api/events", &headers, body).await.expect(202);
}

async fn start(receiver: &Receiver, collector: &str) -> (Server, Api, Api) {
    let setup = Setup::new().trusting(&[receiver]).option("--otlp-endpoint", collector);
    // It gathers spans for 5 s by default.
    let server = setup.env("OTEL_BSP_SCHEDULE_DELAY", "50").start().await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(receiver, "/hook", &["lookup.completed"]).await;
    (server, admin, publisher)
}

#[tokio::test]
async fn an_attempt_stands_between_the_caller_and_the_receiver() {
    let (receiver, collector) = (Receiver::start().await, Collector::start().await);
    receiver.script("/hook", |request| Reply::status(if request.nth == 1 { 500 } else { 200 }));
    let (_server, admin, publisher) = start(&receiver, collector.url()).await;
    publish(&publisher, &admin.workspace_id, Some(&format!("00-{TRACE}-{CALLER}-01"))).await;
    let received = receiver.wait_for("/hook", 2).await;

    let request = collector.named("publish", 1).await.remove(0);
    assert_eq!((hex(&request.trace_id), hex(&request.parent_span_id)), (TRACE.to_owned(), CALLER.to_owned()));
    let attempts = collector.named("attempt", 2).await;
    for (attempt, received) in attempts.iter().zip(&received) {
        assert_eq!(hex(&attempt.trace_id), TRACE);
        assert_eq!(attempt.parent_span_id, request.span_id);
        assert_eq!(received.header("traceparent"), format!("00-{TRACE}-{}-01", hex(&attempt.span_id)));
        assert_eq!(
            attribute(attempt, "encrata.delivery").unwrap(),
            format!("StringValue({:?})", received.header("x-encrata-delivery"))
        );
    }
    assert_eq!(attribute(&attempts[0], "http.response.status_code").unwrap(), "IntValue(500)");
    assert_eq!(attribute(&attempts[0], "error.type").unwrap(), "StringValue(\"5xx\")");
    assert_eq!(attribute(&attempts[1], "error.type"), None);
    let codes: Vec<_> =
        attempts.iter().map(|span| span.status.as_ref().map_or(0, |status| status.code)).collect();
    assert_eq!(codes, [2, 0], "an error, and none");

    let group = collector.named("record", 1).await.remove(0);
    assert_eq!(group.parent_span_id, [0; 0]);
    assert_eq!(group.links.iter().map(|link| &link.span_id).collect::<Vec<_>>(), [&request.span_id]);
    collector.named("claim", 1).await;
    assert!(collector.services().iter().all(|name| name == "encrata-webhooks"));
}

#[tokio::test]
async fn an_event_without_a_trace_begins_one_and_one_that_is_not_sampled_stays_so() {
    let (receiver, collector) = (Receiver::start().await, Collector::start().await);
    let (server, admin, publisher) = start(&receiver, collector.url()).await;
    publish(&publisher, &admin.workspace_id, None).await;
    receiver.wait_for("/hook", 1).await;
    let attempt = collector.named("attempt", 1).await.remove(0);
    publish(&publisher, &admin.workspace_id, Some(&format!("00-{TRACE}-{CALLER}-00"))).await;
    let received = receiver.wait_for("/hook", 2).await;
    let of_attempt = format!("00-{}-{}-01", hex(&attempt.trace_id), hex(&attempt.span_id));
    assert_eq!(received[0].header("traceparent"), of_attempt);
    let unsampled = received[1].header("traceparent");
    assert!(unsampled.starts_with(&format!("00-{TRACE}-")) && unsampled.ends_with("-00"), "{unsampled}");
    server.terminate().await;
    assert!(collector.spans().iter().all(|span| hex(&span.trace_id) != TRACE), "nothing of it is collected");
}

#[tokio::test]
async fn a_stop_sends_what_is_left_and_a_collector_that_is_away_costs_nothing() {
    let (receiver, collector) = (Receiver::start().await, Collector::start().await);
    for (url, name) in [(collector.url(), "sorter"), ("http://127.0.0.1:9", "sorter")] {
        let setup = Setup::new().trusting(&[&receiver]).env("OTEL_EXPORTER_OTLP_ENDPOINT", url);
        let setup = setup.env("OTEL_SERVICE_NAME", name).env("OTEL_BSP_SCHEDULE_DELAY", "3600000");
        let server = setup.start().await;
        let (admin, publisher) = server.admin_and_publisher();
        let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
        publish(&publisher, &admin.workspace_id, None).await;
        admin.delivery_when(&hook.id, "success").await;
        let (_, status, log) = server.terminate().await;
        assert!(status.success(), "{log}");
    }
    collector.named("attempt", 1).await;
    assert_eq!(collector.services(), ["sorter"]);
}

#[tokio::test]
async fn without_a_collector_the_callers_trace_is_carried_as_it_is() {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    publish(&publisher, &admin.workspace_id, Some(&traceparent)).await;
    assert_eq!(receiver.wait_for("/hook", 1).await[0].header("traceparent"), traceparent);
    publish(&publisher, &admin.workspace_id, None).await;
    assert!(!receiver.wait_for("/hook", 2).await[1].has("traceparent"));
}

#[test]
fn an_address_that_is_none_is_refused() {
    let with_password = "http://u:mark-pa55word@127.0.0.1:4318";
    for (url, says) in [
        ("nowhere", "write it like"),
        ("ftp://127.0.0.1:4318", "write it like"),
        // It would not be sent, and be logged.
        (with_password, "OTEL_EXPORTER_OTLP_HEADERS"),
    ] {
        let finished = Setup::new().option("--otlp-endpoint", url).serve_to_the_end();
        assert!(finished.code == Some(2) && finished.stderr.contains(says), "{finished:?}");
        assert!(!finished.stderr.contains("mark-pa55word"), "{finished:?}");
        assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    }
}
