//! Sealed secrets as they stand in a database, for tests of who can open them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use encrata_webhooks_server::clock::now_ms;
use encrata_webhooks_server::model::ids::{WebhookId, WorkspaceId};
use encrata_webhooks_server::vault::{MasterKey, Sealed};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

/// The sealed secrets of a database, by webhook: the current one, and the one before it while both are in force.
pub type Sealeds = BTreeMap<(WorkspaceId, WebhookId), Vec<Sealed>>;

async fn connect(url: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(url).await.unwrap()
}

/// Runs statements on a database.
pub async fn execute(url: &str, statements: &str) {
    let mut connection = connect(url).await;
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Keeps so many webhooks in a workspace, whose secrets are sealed under `key`: each third has two of them, each fifth is
/// deleted and not erased yet.
pub async fn plant_sealed(url: &str, workspace_id: &str, key: &MasterKey, many: usize) {
    let workspace: WorkspaceId = workspace_id.parse().unwrap();
    let now_ms = now_ms();
    let mut statement = String::new();
    for n in 0..many {
        let id = WebhookId::new(now_ms);
        let seal = |secret: &str| {
            let sealed = key.seal_secret(workspace, id, secret).unwrap();
            let hex: String = sealed.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            if url.starts_with("sqlite:") { format!("x'{hex}'") } else { format!("'\\x{hex}'") }
        };
        let (current, previous) = (seal("whsec_current"), seal("whsec_previous"));
        let (previous, until) = if n % 3 == 0 {
            (previous, (now_ms + 3_600_000).to_string())
        } else {
            ("null".into(), "null".into())
        };
        let deleted = if n % 5 == 0 { now_ms.to_string() } else { "null".into() };
        write!(
            statement,
            "insert into webhooks (workspace_id, id, url, description, created_by, created_ms, updated_ms, secret,
                previous_secret, overlap_until_ms, deleted_ms)
             values ('{workspace}', '{id}', 'https://example.com/', '', '{id}', 0, 0, {current}, {previous}, {until}, {deleted});"
        )
        .unwrap();
    }
    execute(url, &format!("begin; {statement} commit;")).await;
}

/// All sealed secrets of a database.
pub async fn sealed_secrets(url: &str) -> Sealeds {
    let mut connection = connect(url).await;
    let rows = sqlx::query("select workspace_id, id, secret, previous_secret from webhooks");
    let rows = rows.fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let mut sealeds = Sealeds::new();
    for row in rows {
        let id = |column: &str| row.get::<String, _>(column);
        let secrets = [Some(row.get::<Vec<u8>, _>("secret")), row.get("previous_secret")];
        let secrets = secrets.into_iter().flatten().map(Sealed::from_bytes).collect();
        sealeds.insert((id("workspace_id").parse().unwrap(), id("id").parse().unwrap()), secrets);
    }
    sealeds
}

/// How many of them `key` opens, and how many there are.
pub fn opened_by(key: &MasterKey, sealeds: &Sealeds) -> (usize, usize) {
    let all = sealeds.iter().flat_map(|(id, secrets)| secrets.iter().map(move |sealed| (id, sealed)));
    let opens = |((workspace, webhook), sealed): &(&(WorkspaceId, WebhookId), &Sealed)| {
        key.open_secret(*workspace, *webhook, sealed).is_ok()
    };
    (all.clone().filter(opens).count(), all.count())
}
