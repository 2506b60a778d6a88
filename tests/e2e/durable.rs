//! 202 means on disk: the page cache survives a killed process, so the system calls are watched instead.

use std::collections::HashMap;
use std::process::Command;

use encrata_webhooks_tests::Setup;

/// Whether there is a tracer that may trace.
fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let works = traced.as_ref().is_ok_and(|output| output.status.success());
    if !works {
        let why = traced
            .map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stderr).into());
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "strace is needed in CI: {why}");
        println!("SKIPPED: that an fsync precedes every 202 (strace does not run here: {why})");
    }
    works
}

/// A completed system call, or the beginning of one.
struct Call<'a> {
    /// Where in the trace it began and ended.
    began: usize,
    ended: usize,
    name: &'a str,
    args: &'a str,
    result: &'a str,
}

/// Reads what `strace -f -y` wrote: calls of several threads, some in two pieces.
fn calls(trace: &str) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    let mut open: HashMap<&str, (usize, &str, &str)> = HashMap::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some((began, name, args)) = open.remove(thread) else { continue };
            let result = resumed.rsplit_once(" = ").map_or("", |(_, result)| result);
            calls.push(Call { began, ended: at, name, args, result });
        } else if let Some((name, args)) = rest.split_once('(') {
            match args.strip_suffix(" <unfinished ...>") {
                Some(args) => {
                    open.insert(thread, (at, name, args));
                }
                None => {
                    let (args, result) = args.rsplit_once(" = ").unwrap_or((args, ""));
                    calls.push(Call { began: at, ended: at, name, args, result });
                }
            }
        }
    }
    calls
}

#[tokio::test]
async fn an_fsync_precedes_every_202() {
    if !can_trace() {
        return;
    }
    let setup = Setup::new();
    let trace = setup.path("trace");
    let names = "trace=fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg";
    // -D: the server stays our own child; -y: paths beside descriptors; -s: a whole page of the WAL is shown.
    let tracer = ["strace", "-D", "-f", "-y", "-s", "4200", "-e", names, "-o", trace.to_str().unwrap()];
    let server = setup.traced_by(&tracer).start().await;
    let (admin, publisher) = server.admin_and_publisher();
    let marker = |n: usize| format!("lu_durable_{n:03}");
    for n in 0..20 {
        publisher.lookup(&admin.workspace_id, &marker(n)).await;
    }
    let (_setup, status, log) = server.terminate().await;
    assert!(status.success(), "{log}");

    let trace = std::fs::read_to_string(trace).unwrap();
    let calls = calls(&trace);
    let answers: Vec<&Call<'_>> = calls.iter().filter(|call| call.args.contains("HTTP/1.1 202")).collect();
    assert_eq!(answers.len(), 20, "one answer per event:\n{}", &trace[..trace.len().min(4000)]);
    for (n, answer) in answers.iter().enumerate() {
        // The event's own bytes, going into the WAL (in the page that holds the row).
        let written = calls
            .iter()
            .find(|call| {
                call.name.contains("write") && call.args.contains("-wal>") && call.args.contains(&marker(n))
            })
            .unwrap_or_else(|| panic!("event {n} was never written to the WAL"));
        assert!(written.ended < answer.began, "event {n} was written after its 202");
        let synced = calls.iter().any(|call| {
            call.name.ends_with("sync")
                && call.args.contains("-wal>")
                && call.result.starts_with('0')
                && call.began > written.ended
                && call.ended < answer.began
        });
        assert!(synced, "no fsync of the WAL between the write of event {n} and its 202");
    }
}
