//! The Grafana dashboard, the Prometheus alerts and the manual name metrics that there are.

use std::collections::BTreeSet;
use std::path::Path;

use encrata_webhooks_tests::{Receiver, Scrape, Server};
use serde_json::Value;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// A scrape of a server at which something happened.
async fn scrape() -> Scrape {
    let receiver = Receiver::start().await;
    let server = Server::start(&receiver).await;
    let (admin, publisher) = server.admin_and_publisher();
    let hook = admin.webhook(&receiver, "/hook", &["lookup.completed"]).await;
    publisher.lookup(&admin.workspace_id, "lu_1").await;
    admin.delivery_when(&hook.id, "success").await;
    server.anonymous().get("/api/health/ready").await.expect(200);
    server.scrape().await
}

/// What looks like one of our metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("encrata_") || word.starts_with("process_")).collect()
}

/// Whatever is asked, and nothing else.
fn expressions<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("expr").and_then(Value::as_str));
            object.values().for_each(|value| expressions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn what_the_dashboard_and_the_alerts_ask_for_is_there() {
    let scrape = scrape().await;
    let names = scrape.names();
    let dashboard: Value = serde_json::from_str(&read("server/grafana/dashboard.json")).unwrap();
    let mut asked = Vec::new();
    expressions(&dashboard, &mut asked);
    assert!(asked.len() > 10, "{asked:?}");
    for expression in asked {
        let found = metrics(expression);
        assert!(!found.is_empty() && found.is_subset(&names), "{expression}");
    }
    let alerts = read("server/grafana/alerts.yml");
    let expressions: Vec<&str> =
        alerts.lines().filter_map(|line| line.trim_start().strip_prefix("expr:")).collect();
    assert_eq!(expressions.len(), alerts.matches("- alert:").count(), "each is on a line of its own");
    let labels = scrape.labels();
    for expression in expressions {
        let found = metrics(expression);
        // Whether a node is there, Prometheus says by itself.
        assert!(
            found.is_subset(&names) && (!found.is_empty() || expression.trim_start().starts_with("up{")),
            "{expression}"
        );
        for label in expression.split(['{', '}', ',']).filter(|label| label.starts_with("route=\"")) {
            assert!(labels.contains(label), "{expression}: nothing has {label}");
        }
    }
}

#[tokio::test]
async fn the_manual_names_each_metric_with_its_type_and_no_other() {
    let scrape = scrape().await;
    let manual = read("docs/operate.md");
    let documented: BTreeSet<(String, String)> = manual
        .lines()
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
            let kind = cells.next()?;
            (metrics(name).len() == 1).then(|| (name.to_owned(), kind.to_owned()))
        })
        .collect();
    let there: BTreeSet<(String, String)> =
        scrape.types().iter().map(|(name, kind)| (name.clone(), kind.clone())).collect();
    assert_eq!(documented, there);
}
