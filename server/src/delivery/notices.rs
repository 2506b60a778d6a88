//! Sends notices to the operator: what happened to webhooks, by the same guarded and signed way as deliveries.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::dispatch::chance;
use super::request::{SignedRequest, USER_AGENT};
use super::retry::RetrySchedule;
use super::send::{REQUEST_TIMEOUT, Sender};
use crate::clock::{now_ms, rfc3339_s};
use crate::config::NotifyTo;
use crate::metrics::METRICS;
use crate::model::delivery::Next;
use crate::model::notice::{DueNotice, NoticeKind};
use crate::store::{Store, StoreError};

/// How often it is looked whether there is one to send.
const LOOK: Duration = Duration::from_secs(2);
/// For how long a node has one to itself: longer than sending takes.
const LEASE: Duration = REQUEST_TIMEOUT.saturating_mul(6);

/// What sends notices.
#[derive(Debug)]
pub(crate) struct Notifier {
    pub(crate) store: Store,
    pub(crate) sender: Sender,
    pub(crate) schedule: RetrySchedule,
    pub(crate) to: NotifyTo,
}

impl Notifier {
    /// Sends what is due until `stop`. One that was being sent then is sent again by whoever comes next.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let sending = async {
            loop {
                if let Err(error) = self.send_due().await {
                    tracing::warn!(%error, "notices could not be sent: trying again");
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = sending => {}
        }
    }

    /// One after the other: there are never many.
    async fn send_due(&self) -> Result<(), StoreError> {
        while let Some(due) = self.store.due_notice(LEASE).await? {
            let outcome = self.sender.send(None, self.request(&due)).await;
            let next = self.schedule.next(&outcome, due.attempts, chance());
            let (result, again_ms) = match next {
                Next::Succeeded => ("delivered", None),
                Next::Retry { after_ms } => ("retried", Some(after_ms)),
                Next::Failed => ("failed", None),
            };
            METRICS.notice(result);
            if let Some(error) = outcome.error() {
                tracing::warn!(notice = %due.notice.id, error, ?next, "a notice did not arrive");
            }
            self.store.put_off_notice(&due.notice, again_ms).await?;
        }
        Ok(())
    }

    /// The request: an envelope as any other, signed if there is a secret.
    fn request(&self, due: &DueNotice) -> SignedRequest {
        let (id, body) = (due.notice.id.to_string(), envelope(due));
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", USER_AGENT.to_owned()),
            ("x-encrata-event", due.notice.kind.as_str().to_owned()),
        ];
        match &self.to.signer {
            // The secret has signed at the start: it can.
            Some(signer) => {
                headers.extend(signer.sign(&body, &id, now_ms().div_euclid(1000)).into_iter().flatten());
            }
            None => headers.push(("webhook-id", id)),
        }
        SignedRequest { url: self.to.url.clone(), headers, body }
    }
}

fn envelope(due: &DueNotice) -> Arc<[u8]> {
    let notice = &due.notice;
    let origin = notice.url.as_url().origin().ascii_serialization();
    let message = match (notice.kind, &notice.reason) {
        (NoticeKind::Disabled, Some(reason)) => {
            format!("The webhook at {origin} of {} was switched off: {reason}", due.workspace)
        }
        (NoticeKind::Disabled, None) => {
            format!("The webhook at {origin} of {} was switched off", due.workspace)
        }
        (NoticeKind::Recovered, _) => format!("The webhook at {origin} of {} works again", due.workspace),
    };
    // Keys come sorted, as in every envelope. The URL may hold a token of its receiver's: it stays here.
    let envelope = json!({
        "event": notice.kind.as_str(),
        "created_at": rfc3339_s(notice.created_ms),
        "data": {
            "message": message,
            "origin": origin,
            "reason": notice.reason,
            "webhook_id": notice.webhook_id,
            "workspace": due.workspace,
            "workspace_id": notice.workspace_id,
        },
    });
    envelope.to_string().into_bytes().into()
}
