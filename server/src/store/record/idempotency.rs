//! Idempotency keys: the same key with the same request gets the same answer, whoever asks and how many at once.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::{RecordError, Recorded};
use crate::model::event::{Accepted, Idempotency, NewBatch};
use crate::model::ids::WorkspaceId;
use crate::store::row::unreadable;
use crate::store::rows::{bytes, int, text};
use crate::store::statement::Statement;
use crate::store::{StoreError, Tx};

/// How long a key is remembered: 72 hours.
pub(in crate::store) const IDEMPOTENCY_MS: i64 = 72 * 60 * 60 * 1000;

/// Writes the idempotency keys of new requests, and turns the answers of those whose key was used before into what
/// was said then.
pub(super) async fn settle(
    tx: &mut Tx,
    group: &[NewBatch],
    answers: &mut [Result<Recorded, RecordError>],
) -> Result<(), StoreError> {
    // A key belongs to the first request of the group that has it. Sorted, so that two nodes that have the same keys
    // don't wait for each other.
    let mut firsts: HashMap<(WorkspaceId, &str), usize> = HashMap::new();
    for (n, batch) in group.iter().enumerate() {
        if let (Some(idempotency), Ok(_)) = (&batch.idempotency, &answers[n]) {
            firsts.entry((batch.workspace_id, &idempotency.key)).or_insert(n);
        }
    }
    if firsts.is_empty() {
        return Ok(());
    }
    let mut keys: Vec<_> = firsts.iter().collect();
    keys.sort_unstable();
    let now_ms = group.iter().map(|batch| batch.now_ms).min().unwrap_or(0);
    let mut rows = KEYS.rows();
    for ((workspace_id, key), n) in &keys {
        let (Some(Idempotency { request_hash, .. }), Ok(Recorded::New(accepted))) =
            (&group[**n].idempotency, &answers[**n])
        else {
            continue;
        };
        rows.push([
            (*workspace_id).into(),
            (*key).into(),
            (&request_hash[..]).into(),
            json!(accepted).to_string().into(),
            group[**n].now_ms.into(),
        ]);
    }
    let taken = KEYS.query().bind(now_ms - IDEMPOTENCY_MS).bind_rows(rows).all(&mut *tx).await?;
    let taken: HashSet<(WorkspaceId, String)> = taken
        .iter()
        .map(|row| Ok((row.parse("workspace_id")?, row.text("key")?.to_owned())))
        .collect::<Result<_, StoreError>>()?;

    // What was said before. A statement of its own: another node may have committed the key just now.
    let mut rows = KNOWN_KEYS.rows();
    for ((workspace_id, key), _) in keys {
        if !taken.contains(&(*workspace_id, (*key).to_owned())) {
            rows.push([(*workspace_id).into(), (*key).into()]);
        }
    }
    let mut said: HashMap<(WorkspaceId, String), (Vec<u8>, Vec<Accepted>)> = HashMap::new();
    if !rows.is_empty() {
        for row in &KNOWN_KEYS.query().bind_rows(rows).all(tx).await? {
            let accepted = serde_json::from_str(row.text("answer")?)
                .map_err(|error| unreadable("idempotency answer", &error))?;
            said.insert(
                (row.parse("workspace_id")?, row.text("key")?.to_owned()),
                (row.bytes("request_hash")?.to_vec(), accepted),
            );
        }
    }
    for (n, batch) in group.iter().enumerate() {
        let (Some(idempotency), Ok(_)) = (&batch.idempotency, &answers[n]) else { continue };
        let first = firsts[&(batch.workspace_id, &*idempotency.key)];
        let (hash, accepted) = if taken.contains(&(batch.workspace_id, idempotency.key.clone())) {
            if first == n {
                continue;
            }
            match (&group[first].idempotency, &answers[first]) {
                (Some(of), Ok(Recorded::New(accepted))) => (of.request_hash.to_vec(), accepted.clone()),
                _ => continue,
            }
        } else {
            let before = said.get(&(batch.workspace_id, idempotency.key.clone()));
            // It was there when the key was refused: gone again only if housekeeping forgot it in between.
            before.cloned().ok_or_else(|| unreadable("idempotency key", &"it was forgotten just now"))?
        };
        let same = hash == idempotency.request_hash;
        answers[n] = if same { Ok(Recorded::Before(accepted)) } else { Err(RecordError::KeyReused) };
    }
    Ok(())
}

/// $1 the time up to which keys are forgotten.
pub(in crate::store) static KEYS: Statement = Statement::new(
    "insert into idempotency (workspace_id, key, request_hash, answer, created_ms)
     select r.workspace_id, r.key, r.request_hash, r.answer, r.created_ms from {rows} where true
     on conflict (workspace_id, key) do update set
        request_hash = excluded.request_hash, answer = excluded.answer, created_ms = excluded.created_ms
     where idempotency.created_ms <= $1
     returning workspace_id, key",
)
.with_rows(&[text("workspace_id"), text("key"), bytes("request_hash"), text("answer"), int("created_ms")]);

pub(in crate::store) static KNOWN_KEYS: Statement = Statement::new(
    "select i.workspace_id, i.key, i.request_hash, i.answer from {rows}
     {seek idempotency i on i.workspace_id = r.workspace_id and i.key = r.key}",
)
.with_rows(&[text("workspace_id"), text("key")]);
