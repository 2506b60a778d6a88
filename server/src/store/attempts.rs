//! The history: a delivery with its first attempt, and the attempts after it.

use super::finish::Finish;
use super::rows::{Rows, bytes, int, text};
use super::statement::{Statement, Value};
use super::{StoreError, Tx};
use crate::model::delivery::{Attempt, Next, Status};

/// Writes the attempts of finished claims. Foreign text is kept as a blob: a receiver's answer may hold anything.
pub(super) async fn write<'a>(
    tx: &mut Tx,
    finished: impl Iterator<Item = &'a Finish>,
) -> Result<(), StoreError> {
    let (mut first, mut later, mut statuses) = (FIRST.rows(), LATER.rows(), LATER_STATUS.rows());
    for finish in finished {
        let claim = &finish.claim;
        let status = match finish.next {
            Next::Succeeded => Status::Success,
            Next::Failed => Status::Failed,
            Next::Retry { .. } => Status::Pending,
        };
        let [started, duration, code, body, error] = attempt(&finish.attempt);
        let (workspace, webhook) = (claim.workspace_id, claim.webhook_id);
        if claim.attempts == 0 {
            first.push([
                workspace.into(),
                webhook.into(),
                claim.delivery_id.into(),
                claim.event_id.into(),
                claim.event_type.as_str().into(),
                claim.created_ms.into(),
                status.as_str().into(),
                false.into(),
                started,
                duration,
                code,
                body,
                error,
            ]);
        } else {
            let (id, number) = (claim.delivery_id, finish.number());
            later.push([
                workspace.into(),
                webhook.into(),
                id.into(),
                number.into(),
                started,
                duration,
                code,
                body,
                error,
            ]);
            statuses.push([
                workspace.into(),
                webhook.into(),
                id.into(),
                number.into(),
                status.as_str().into(),
            ]);
        }
    }
    for (statement, rows) in [(&FIRST, first), (&LATER, later), (&LATER_STATUS, statuses)] {
        run(tx, statement, rows).await?;
    }
    Ok(())
}

async fn run(tx: &mut Tx, statement: &'static Statement, rows: Rows<'_>) -> Result<(), StoreError> {
    if !rows.is_empty() {
        statement.query().bind_rows(rows).execute(tx).await?;
    }
    Ok(())
}

/// The columns of an attempt: when it began, how long it took, what was answered.
pub(super) fn attempt(attempt: &Attempt) -> [Value<'_>; 5] {
    [
        attempt.started_ms.into(),
        attempt.duration_ms.into(),
        attempt.response_status.map(i64::from).into(),
        attempt.response_body.as_deref().into(),
        attempt.error.as_deref().into(),
    ]
}

pub(super) static FIRST: Statement = Statement::new(
    "insert into deliveries (workspace_id, webhook_id, id, event_id, event_type, created_ms, status, attempts,
        is_test, started_ms, duration_ms, response_status, response_body, error)
     select r.workspace_id, r.webhook_id, r.id, r.event_id, r.event_type, r.created_ms, r.status, 1,
        r.is_test, r.started_ms, r.duration_ms, r.response_status, r.response_body, r.error from {rows}",
)
.with_rows(&[
    text("workspace_id"),
    text("webhook_id"),
    text("id"),
    text("event_id"),
    text("event_type"),
    int("created_ms"),
    text("status"),
    int("is_test"),
    int("started_ms"),
    int("duration_ms"),
    int("response_status"),
    bytes("response_body"),
    text("error"),
]);

static LATER: Statement = Statement::new(
    "insert into attempts (workspace_id, webhook_id, delivery_id, number,
        started_ms, duration_ms, response_status, response_body, error)
     select r.workspace_id, r.webhook_id, r.id, r.number,
        r.started_ms, r.duration_ms, r.response_status, r.response_body, r.error from {rows}",
)
.with_rows(&[
    text("workspace_id"),
    text("webhook_id"),
    text("id"),
    int("number"),
    int("started_ms"),
    int("duration_ms"),
    int("response_status"),
    bytes("response_body"),
    text("error"),
]);

pub(super) static LATER_STATUS: Statement = Statement::new(
    "update deliveries set status = r.status, attempts = r.number from {rows}
     where {probe deliveries.workspace_id = r.workspace_id} and deliveries.webhook_id = r.webhook_id and deliveries.id = r.id",
)
.with_rows(&[text("workspace_id"), text("webhook_id"), text("id"), int("number"), text("status")]);
