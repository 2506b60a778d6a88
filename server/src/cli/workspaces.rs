//! `encrata-webhooks workspaces`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::out;
use super::{Database, Failure, List};
use crate::store::{Store, Workspace};

#[derive(Debug, Subcommand)]
pub(super) enum Workspaces {
    /// List workspaces
    List(List),
    /// Say what /api/me shows of a workspace's account
    Set(Set),
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The workspace's name
    #[arg(long)]
    workspace: String,
    /// The account's address
    #[arg(long)]
    email: Option<String>,
    /// The account's plan
    #[arg(long)]
    plan: Option<String>,
    /// The account's credits
    #[arg(long, value_parser = clap::value_parser!(i64).range(0..))]
    credits_remaining: Option<i64>,
    #[command(flatten)]
    database: Database,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Workspaces {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List(List { database, json }) => {
                let store = Store::open_existing(&database.database).await?;
                let workspaces = store.workspaces().await?;
                store.close().await;
                if json {
                    return out!("{}", Value::Array(workspaces.iter().map(object).collect()));
                }
                workspaces.iter().try_for_each(print)
            }
            Self::Set(set) => {
                let store = Store::open_existing(&set.database.database).await?;
                let changed = store
                    .describe_workspace(
                        &set.workspace,
                        set.email.as_deref(),
                        set.plan.as_deref(),
                        set.credits_remaining,
                    )
                    .await?;
                store.close().await;
                let changed =
                    changed.ok_or_else(|| format!("there is no workspace named '{}'", set.workspace))?;
                if set.json { out!("{}", object(&changed)) } else { print(&changed) }
            }
        }
    }
}

fn object(workspace: &Workspace) -> Value {
    json!({
        "id": workspace.id, "name": workspace.name, "email": workspace.email, "plan": workspace.plan,
        "credits_remaining": workspace.credits_remaining,
    })
}

fn print(workspace: &Workspace) -> Result<(), Failure> {
    let Workspace { id, name, email, plan, credits_remaining } = workspace;
    out!("{id}  {name}  email={email} plan={plan} credits_remaining={credits_remaining}")
}
