//! The history: a delivery with its first attempt, and the attempts after it.

use serde_json::{Value, json};

use super::queue::Finish;
use super::{StoreError, Write};
use crate::model::delivery::{Attempt, Next, Status};

/// Writes the attempts of finished claims. Foreign text travels as hex and is kept as a blob: a receiver's
/// answer may hold anything.
pub(super) async fn write(tx: &mut Write, finished: impl Iterator<Item = &Finish>) -> Result<(), StoreError> {
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for finish in finished {
        let claim = &finish.claim;
        let status = match finish.next {
            Next::Succeeded => Status::Success,
            Next::Failed => Status::Failed,
            Next::Retry { .. } => Status::Pending,
        };
        let key = json!([claim.workspace_id, claim.webhook_id, claim.delivery_id]);
        let what = attempt(&finish.attempt);
        if claim.attempts == 0 {
            first.push(json!([
                key,
                what,
                status.as_str(),
                claim.event_id,
                claim.event_type,
                claim.created_ms,
                0
            ]));
        } else {
            later.push(json!([key, what, status.as_str(), finish.number()]));
        }
    }
    for (statement, rows) in [(FIRST, &first), (LATER, &later), (LATER_STATUS, &later)] {
        if !rows.is_empty() {
            sqlx::query(statement).bind(json!(rows).to_string()).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// An attempt as the statements below read it, at `$[1]`.
pub(super) fn attempt(attempt: &Attempt) -> Value {
    json!([
        attempt.started_ms,
        attempt.duration_ms,
        attempt.response_status,
        attempt.response_body.as_ref().map(hex::encode),
        attempt.error,
    ])
}

/// $1 rows of `[[workspace, webhook, delivery], attempt, status, event id, event type, created, test]`.
pub(super) const FIRST: &str = "
    insert into deliveries (workspace_id, webhook_id, id, event_id, event_type, created_ms, status, attempts,
        is_test, started_ms, duration_ms, response_status, response_body, error)
    select value ->> '$[0][0]', value ->> '$[0][1]', value ->> '$[0][2]', value ->> 3, value ->> 4, value ->> 5,
        value ->> 2, 1, value ->> 6,
        value ->> '$[1][0]', value ->> '$[1][1]', value ->> '$[1][2]', unhex(value ->> '$[1][3]'), value ->> '$[1][4]'
    from json_each($1)";

/// $1 rows of `[[workspace, webhook, delivery], attempt, status, number]`.
const LATER: &str = "
    insert into attempts (workspace_id, webhook_id, delivery_id, number,
        started_ms, duration_ms, response_status, response_body, error)
    select value ->> '$[0][0]', value ->> '$[0][1]', value ->> '$[0][2]', value ->> 3,
        value ->> '$[1][0]', value ->> '$[1][1]', value ->> '$[1][2]', unhex(value ->> '$[1][3]'), value ->> '$[1][4]'
    from json_each($1)";

/// As [`LATER`].
pub(super) const LATER_STATUS: &str = "
    update deliveries set status = done.value ->> 2, attempts = done.value ->> 3
    from json_each($1) as done
    where deliveries.workspace_id = done.value ->> '$[0][0]' and deliveries.webhook_id = done.value ->> '$[0][1]'
      and deliveries.id = done.value ->> '$[0][2]'";
