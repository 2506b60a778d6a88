//! The events of one measurement: what is published, and when each was received.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::Failure;

/// Nothing received for so long means that nothing will be.
const STALLED: Duration = Duration::from_secs(60);

/// Which events there are, numbered from 0, and when the receiver had each for the first time.
pub(crate) struct Ledger {
    run: usize,
    began: Instant,
    /// Nanoseconds after `began`; 0 is not yet.
    receipts: Box<[AtomicU64]>,
    received: AtomicUsize,
    again: AtomicUsize,
}

impl Ledger {
    /// A ledger of `events` events; `run` tells them from those of other ledgers.
    pub(crate) fn new(run: usize, events: usize) -> Self {
        let receipts = std::iter::repeat_with(AtomicU64::default).take(events).collect();
        let (received, again) = Default::default();
        Self { run, began: Instant::now(), receipts, received, again }
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.receipts.len()
    }

    /// What times are counted from.
    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// The data of an event: a lookup as customers get it. The receiver reads run and number off the id.
    pub(crate) fn data(&self, event: usize) -> String {
        let (run, source) = (self.run, ["api", "dashboard", "import"][event % 3]);
        format!(
            r#"{{"duration_ms":{},"email":"ada.lovelace.{event}@example.com","lookup_id":"lu_{run:04x}{event:08x}","matches":{},"source":"{source}","status":"completed"}}"#,
            180 + event % 1900,
            event % 23,
        )
    }

    /// The event that a body is of: run and number.
    pub(crate) fn read(body: &[u8]) -> Option<(usize, usize)> {
        let at = body.windows(4).position(|window| window == b"\"lu_")? + 4;
        let hex = |from: usize, to: usize| {
            usize::from_str_radix(std::str::from_utf8(body.get(at + from..at + to)?).ok()?, 16).ok()
        };
        Some((hex(0, 4)?, hex(4, 12)?))
    }

    /// Notes that an event was received.
    pub(crate) fn receive(&self, event: usize) {
        let Some(receipt) = self.receipts.get(event) else { return };
        let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1);
        let counter = match receipt.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => &self.received,
            Err(_) => &self.again,
        };
        counter.fetch_add(1, Ordering::Release);
    }

    /// When an event was received, counted from `began`.
    pub(crate) fn receipt(&self, event: usize) -> Option<Duration> {
        match self.receipts[event].load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// When the last of the events was received.
    pub(crate) fn last_receipt(&self) -> Duration {
        (0..self.len()).filter_map(|event| self.receipt(event)).max().unwrap_or_default()
    }

    /// How many events were received.
    pub(crate) fn received(&self) -> usize {
        self.received.load(Ordering::Acquire)
    }

    /// How many were received once more.
    pub(crate) fn again(&self) -> usize {
        self.again.load(Ordering::Acquire)
    }

    /// Waits until `enough` events were received.
    ///
    /// # Errors
    ///
    /// When none comes for a minute: the others are lost.
    pub(crate) async fn wait_for(&self, enough: usize) -> Result<(), Failure> {
        let (mut seen, mut since) = (self.received(), Instant::now());
        while seen < enough {
            // Looked at again instead of being told, which would cost the receiver something for each event.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let now = self.received();
            if now > seen {
                (seen, since) = (now, Instant::now());
            } else if since.elapsed() > STALLED {
                let stalled = STALLED.as_secs();
                return Err(
                    format!("{seen} of {enough} events were received, and no more for {stalled} s").into()
                );
            }
        }
        Ok(())
    }
}
