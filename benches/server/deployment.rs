//! A fresh database and the servers on it.

use std::path::PathBuf;
use std::time::Duration;

use encrata_webhooks_tests::{binary, run};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::Connection;
use crate::node::Node;
use crate::process::{self, Memory, cpu_seconds};
use crate::store::{self, Store};
use crate::{Bench, Failure};

/// A fresh database, the servers on it and a key that publishes. Dropped, all of it is gone.
pub(crate) struct Deployment {
    store: Store,
    database: String,
    /// The servers; the first answers questions.
    pub(crate) nodes: Vec<Node>,
    /// A publisher's key, for events of any workspace.
    pub(crate) publisher: String,
    postgres_pid: Option<u32>,
    args: Vec<String>,
    home: TempDir,
}

/// A webhook.
pub(crate) struct Hook {
    /// Whose it is.
    pub(crate) workspace_id: String,
    id: String,
    admin: String,
}

/// Processor seconds so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cpu {
    /// Of all servers.
    pub(crate) servers: f64,
    /// Of Postgres, with all its backends.
    pub(crate) postgres: f64,
    /// Of load and receiver.
    pub(crate) bench: f64,
}

impl Deployment {
    /// Starts `nodes` servers on a fresh database. `args` are added to those of `serve`.
    pub(crate) async fn start(
        bench: &Bench,
        store: Store,
        nodes: usize,
        args: &[&str],
    ) -> Result<Self, Failure> {
        let home = tempfile::Builder::new().prefix("deployment-").tempdir_in(bench.home.path())?;
        let (database, postgres_pid) = match store {
            Store::Sqlite => (format!("sqlite:{}", sqlite_file(&home).display()), None),
            Store::Postgres => {
                let postgres = bench.postgres().await?;
                (postgres.new_database().await, postgres.pid())
            }
        };
        let ca = home.path().join("ca.pem");
        std::fs::write(&ca, bench.receiver.ca_pem())?;
        let ca = ca.display().to_string();
        let mut all = vec!["--database", &database, "--extra-ca", &ca, "--allow-network", "127.0.0.0/8"];
        all.extend(["--webhook-rate-limit", "0"]);
        all.extend(args);
        let args = all.into_iter().map(str::to_owned).collect();
        let publisher = String::new();
        let mut deployment = Self { store, database, nodes: Vec::new(), publisher, postgres_pid, args, home };
        for _ in 0..nodes {
            deployment.add_node().await?;
        }
        deployment.publisher =
            deployment.key("operator", "publisher")?["key"].as_str().unwrap_or_default().into();
        Ok(deployment)
    }

    /// Starts one more server.
    pub(crate) async fn add_node(&mut self) -> Result<&Node, Failure> {
        let log = self.home.path().join(format!("node-{}.log", self.nodes.len()));
        self.nodes.push(Node::start(binary(), &self.args, log).await?);
        Ok(&self.nodes[self.nodes.len() - 1])
    }

    fn key(&self, workspace: &str, role: &str) -> Result<Value, Failure> {
        let args = ["keys", "create", "--workspace", workspace, "--name", role, "--role", role];
        let made = run(&[&args[..], &["--database", &self.database, "--json"]].concat());
        if made.code != Some(0) {
            return Err(format!("keys create: {}", made.stderr.trim()).into());
        }
        Ok(serde_json::from_str(&made.stdout)?)
    }

    /// Makes a workspace with one webhook.
    pub(crate) async fn hook(&self, workspace: &str, url: &str) -> Result<Hook, Failure> {
        let key = self.key(workspace, "admin")?;
        let text = |from: &Value, name: &str| -> Result<String, Failure> {
            Ok(from[name].as_str().ok_or_else(|| format!("no {name} in the answer"))?.to_owned())
        };
        let admin = text(&key, "key")?;
        let wanted = json!({"url": url, "events": ["lookup.completed"]}).to_string();
        let mut connection = Connection::open(&self.nodes[0].address, &admin).await?;
        let made = connection.post("/api/webhooks", wanted, 201).await?;
        Ok(Hook {
            workspace_id: text(&key, "workspace_id")?,
            id: text(&serde_json::from_slice(&made)?, "id")?,
            admin,
        })
    }

    /// Makes `count` workspaces with one webhook each.
    pub(crate) async fn hooks(&self, prefix: &str, count: usize, url: &str) -> Result<Vec<Hook>, Failure> {
        let mut hooks = Vec::with_capacity(count);
        for number in 0..count {
            hooks.push(self.hook(&format!("{prefix}-{number}"), url).await?);
        }
        Ok(hooks)
    }

    /// Waits until nothing of these webhooks is pending: every outcome is written.
    pub(crate) async fn drained(&mut self, hooks: &[Hook]) -> Result<(), Failure> {
        for hook in hooks {
            let mut connection = Connection::open(&self.nodes[0].address, &hook.admin).await?;
            let path = format!("/api/webhooks/deliveries?webhook_id={}&status=pending&limit=1", hook.id);
            let waited = tokio::time::timeout(Duration::from_secs(60), async {
                while connection.get(&path).await? != json!([]) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Ok::<(), Failure>(())
            });
            waited.await.map_err(|_| "all was received, but something is still pending after 60 s")??;
        }
        self.nodes.iter_mut().try_for_each(Node::check)
    }

    /// What processors were used for so far.
    pub(crate) fn cpu(&self) -> Result<Cpu, Failure> {
        let mut servers = 0.0;
        for node in &self.nodes {
            servers += cpu_seconds(node.pid())?;
        }
        let postgres = self.postgres_pid.map_or(Ok(0.0), cpu_seconds)?;
        Ok(Cpu { servers, postgres, bench: process::own_cpu_seconds()? })
    }

    /// The memory of the first server.
    pub(crate) fn memory(&self) -> Result<Memory, Failure> {
        process::memory(self.nodes[0].pid())
    }

    /// The bytes that the database has on disk.
    pub(crate) async fn disk_bytes(&self) -> Result<u64, Failure> {
        match self.store {
            Store::Sqlite => Ok(store::sqlite_bytes(&sqlite_file(&self.home))),
            Store::Postgres => store::postgres_bytes(&self.database).await,
        }
    }

    /// Stops all servers in order.
    pub(crate) async fn stop(&mut self) -> Result<(), Failure> {
        for node in self.nodes.drain(..) {
            node.stop().await?;
        }
        Ok(())
    }
}

fn sqlite_file(home: &TempDir) -> PathBuf {
    home.path().join("encrata.db")
}
