//! Changing the master key: every signing secret is sealed anew, in small steps. Broken off anywhere, it goes on when it is
//! run again with the same two keys.

use std::time::Duration;

use crate::master_key::LOOK;
use crate::model::ids::WebhookId;
use crate::store::{Store, StoreError};
use crate::vault::{MasterKey, VaultError};

/// Why the master key was not changed, or not to the end.
#[derive(Debug, thiserror::Error)]
pub enum RekeyError {
    /// Nothing was ever sealed here.
    #[error("this database is under no master key yet: start the server with the new one")]
    NoKey,
    /// Both are the same.
    #[error("the old and the new master key are the same: make a new one with `openssl rand -hex 32`")]
    Same,
    /// Not the key that the database is under.
    #[error(
        "the key to replace is not the master key that the secrets in this database are sealed under, nor is the new one: nothing was changed"
    )]
    Wrong,
    /// A rekey between other keys is not finished.
    #[error(
        "another rekey of this database was begun and is not finished: run it again with the very two keys that it was begun with; nothing was changed"
    )]
    Other,
    /// Some secrets are under neither key.
    #[error(
        "all other secrets are under the new key, but those of {} open under neither: the database was changed by something else. Delete these webhooks or rotate their secrets at once (overlap_seconds 0), with a server that has both keys; then run this again",
        ids(.0)
    )]
    Closed(Vec<WebhookId>),
    /// No randomness.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed.
    #[error("{0}; what was done is kept: run it again with the same two keys")]
    Store(#[from] StoreError),
}

fn ids(webhooks: &[WebhookId]) -> String {
    const SHOWN: usize = 10;
    let mut text: Vec<String> = webhooks.iter().take(SHOWN).map(ToString::to_string).collect();
    if webhooks.len() > SHOWN {
        text.push(format!("{} more", webhooks.len() - SHOWN));
    }
    text.join(", ")
}

/// How often a step is tried that got in another transaction's way.
const TRIES: usize = 5;

/// Seals every secret under `new` instead of `old`. With `beside_servers` it gives those that have the old key alone the time
/// to stop. Tells `progress` how many secrets are done, now and then; answers how
/// many this run sealed anew.
///
/// # Errors
///
/// [`RekeyError`].
pub async fn rekey(
    store: &Store,
    old: &MasterKey,
    new: &MasterKey,
    beside_servers: bool,
    mut progress: impl FnMut(usize),
) -> Result<usize, RekeyError> {
    if !begin(store, old, new).await? {
        return Ok(0);
    }
    // A pooler may hide nodes on Postgres.
    if beside_servers || store.is_shared() {
        tokio::time::sleep(LOOK + Duration::from_secs(1)).await;
    }
    let (mut after, mut secrets, mut closed) = (None, 0, Vec::new());
    loop {
        let mut tries = 1..;
        let done = loop {
            let step = store.reseal_after(after, |workspace_id, id, sealed| {
                if new.open_secret(workspace_id, id, sealed).is_ok() {
                    return Ok(None);
                }
                let secret = old.open_secret(workspace_id, id, sealed)?;
                new.seal_secret(workspace_id, id, &secret).map(Some)
            });
            match step.await {
                Err(error) if error.is_a_collision() && tries.next() < Some(TRIES) => {}
                done => break done?,
            }
        };
        secrets += done.secrets;
        closed.extend(done.closed);
        progress(secrets);
        match done.last {
            Some(last) => after = Some(last),
            None if closed.is_empty() => break,
            None => return Err(RekeyError::Closed(closed)),
        }
    }
    store.finish_rekey().await?;
    Ok(secrets)
}

/// Begins, or finds what was begun with the same keys. Answers whether anything is to be done.
async fn begin(store: &Store, old: &MasterKey, new: &MasterKey) -> Result<bool, RekeyError> {
    let check = new.check_value()?;
    if old.matches(&check) {
        return Err(RekeyError::Same);
    }
    let checks = store.master_key_checks().await?;
    let current = checks.current.ok_or(RekeyError::NoKey)?;
    match checks.old {
        Some(begun) if old.matches(&begun) && new.matches(&current) => {}
        Some(_) => return Err(RekeyError::Other),
        None if new.matches(&current) => return Ok(false),
        None if !old.matches(&current) => return Err(RekeyError::Wrong),
        None if !store.begin_rekey(&current, &check).await? => return Err(RekeyError::Other),
        None => {}
    }
    Ok(true)
}
