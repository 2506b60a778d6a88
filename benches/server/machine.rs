//! What the figures were measured on.

use std::path::Path;
use std::process::Command;

use encrata_webhooks_tests::{binary, run};
use serde_json::{Value, json};

use crate::store::{self, Store};
use crate::{Bench, Failure};

/// The machine and the versions.
pub(crate) async fn describe(bench: &Bench) -> Value {
    let line = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.rsplit(": ").next().unwrap_or_default().trim().to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let postgres = match bench.options.stores().contains(&Store::Postgres) {
        true => postgres(bench).await.unwrap_or_else(|why| json!(why.to_string())),
        false => Value::Null,
    };
    json!({
        "cores": cores,
        "processor": line("/proc/cpuinfo", "model name"),
        "memory": line("/proc/meminfo", "MemTotal:").trim_start_matches("MemTotal:").trim(),
        "kernel": kernel.trim(),
        "architecture": std::env::consts::ARCH,
        "filesystem": filesystem(bench.home.path()),
        "server": run(&["--version"]).stdout.trim(),
        "server_bytes": binary().metadata().map(|file| file.len()).ok(),
        "postgres": postgres,
        "rustc": said("rustc", &["--version"]),
    })
}

/// The settings that decide what a commit is worth, as Postgres has them.
async fn postgres(bench: &Bench) -> Result<Value, Failure> {
    let url = bench.postgres().await?.new_database().await;
    let setting = async |name| store::postgres_setting(&url, name).await;
    Ok(json!({
        "version": setting("server_version").await?,
        "fsync": setting("fsync").await?,
        "synchronous_commit": setting("synchronous_commit").await?,
        "min_wal_size": setting("min_wal_size").await?,
        "max_wal_size": setting("max_wal_size").await?,
        "filesystem": filesystem(Path::new(&setting("data_directory").await?)),
    }))
}

/// The file system of a folder, like `ext4 on /dev/sda1`.
fn filesystem(folder: &Path) -> String {
    let found = said("df", &["--output=fstype,source", &folder.display().to_string()]);
    let mut words = found.lines().nth(1).unwrap_or_default().split_whitespace();
    format!("{} on {}", words.next().unwrap_or("unknown"), words.next().unwrap_or("unknown"))
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
