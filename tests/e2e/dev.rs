//! A server, a receiver and events in one terminal, and what to try next.

use std::collections::HashSet;

use encrata_webhooks_tests::Running;

/// The words of a line that is shown to be copied, behind those of `start`.
fn words<'a>(lines: &'a [String], start: &str) -> Vec<&'a str> {
    let at = lines.iter().position(|line| line.trim().starts_with(start)).unwrap();
    let line = lines[at].split_whitespace().skip(1).filter(|word| *word != "\\");
    let more = lines[at + 1].split_whitespace().filter(|_| lines[at].ends_with('\\'));
    line.chain(more).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_shows_is_in_order_and_can_be_copied() {
    let dev = Running::start(&["dev", "--listen", "127.0.0.1:0"], &[]);
    dev.says("Ctrl-C ends it").await;
    let lines = dev.lines();
    let mut published = HashSet::new();
    for line in &lines {
        assert_eq!(line, line.trim_end());
        let id = line.split_whitespace().find(|word| word.starts_with("evt_"));
        match id {
            Some(id) if line.contains("published  ") => assert!(published.insert(id), "{line}"),
            Some(id) => assert!(published.contains(id), "{line} comes too early: {lines:#?}"),
            None => {}
        }
    }
    assert_eq!(published.len(), 12);
    let secret = lines.iter().find_map(|line| line.trim().strip_prefix("secret ")).unwrap().trim();
    assert!(lines.iter().any(|line| line.trim() == format!("export ENCRATA_WEBHOOK_SECRET={secret}")));

    let listen = words(&lines, "encrata-webhooks listen");
    assert!(listen.ends_with(&["--forward-to", "http://localhost:3000/webhooks/encrata"]), "{listen:?}");
    let listening = Running::start(&listen, &[]);
    listening.says("listening").await;
    let triggered = Running::start(&words(&lines, "encrata-webhooks trigger"), &[]);
    let said = triggered.says("published to 1 webhook").await;
    let id = said.rsplit(' ').next().unwrap();
    let arrived = dev.says(id).await;
    assert!(arrived.contains("verified") && arrived.ends_with("answered 200"), "{arrived:?}");
    listening.says("lookup.completed").await;
    assert_eq!(dev.interrupt(), Some(0));
}
