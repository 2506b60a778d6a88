//! Identifiers. All are version 7 UUIDs: they sort by the time of their making, which keeps the
//! newest rows of a table side by side on disk.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use serde::Serialize;
use uuid::{ContextV7, NoContext, Timestamp, Uuid};

/// Keeps the ids of one process in order, also within a millisecond.
static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

fn at(ms: i64) -> Uuid {
    let ms = u64::try_from(ms).unwrap_or(0);
    let (seconds, nanos) = (ms / 1000, u32::try_from(ms % 1000 * 1_000_000).unwrap_or(0));
    let timestamp = match CONTEXT.lock() {
        Ok(context) => Timestamp::from_unix(&*context, seconds, nanos),
        // Another thread panicked while holding the context: order within a millisecond is a nicety.
        Err(_) => Timestamp::from_unix(NoContext, seconds, nanos),
    };
    Uuid::new_v7(timestamp)
}

/// The text of `ids` does not name anything: not the shape of this kind of id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{text}' is not an id of a {kind}")]
pub struct NotAnId {
    text: String,
    kind: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $prefix:literal, $show:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, made at `now_ms` (milliseconds since the Unix epoch).
            pub fn new(now_ms: i64) -> Self {
                Self(at(now_ms))
            }

            /// The smallest id that can have been made at `ms`: a bound for ranges of time.
            pub fn floor(ms: i64) -> Self {
                let ms = u64::try_from(ms).unwrap_or(0).min((1 << 48) - 1);
                Self(Uuid::from_u128(u128::from(ms) << 80))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.$show())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let id = text.strip_prefix($prefix).and_then(|rest| Uuid::try_parse(rest).ok()).map(Self);
                // One spelling per id, so that text compares as the id does.
                id.filter(|id| id.to_string() == text)
                    .ok_or_else(|| NotAnId { text: text.chars().take(64).collect(), kind: $kind })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

id!(
    /// A workspace: whom webhooks, keys and events belong to.
    WorkspaceId, "workspace", "", hyphenated
);
id!(
    /// An API key (not the key itself).
    KeyId, "key", "", hyphenated
);
id!(
    /// A webhook.
    WebhookId, "webhook", "", hyphenated
);
id!(
    /// A published event: `evt_` and 32 hex digits. It travels as `webhook-id`, so it holds no dots.
    EventId, "event", "evt_", simple
);
id!(
    /// One event on its way to one webhook.
    DeliveryId, "delivery", "", hyphenated
);
id!(
    /// What happened to a webhook, told.
    NoticeId, "notice", "", hyphenated
);

impl DeliveryId {
    /// Greater than every id that was ever made.
    pub fn ceiling() -> Self {
        Self(Uuid::max())
    }

    /// When it was made, in milliseconds since the Unix epoch.
    pub fn made_ms(self) -> i64 {
        // The high 48 bits.
        (self.0.as_u128() >> 80) as i64
    }

    /// The id of an event's delivery to a webhook, the same whenever it is asked for: recording an event again, or
    /// replaying it, can't make a second delivery of it. It is the event's id, with the random end of both ids mixed,
    /// so deliveries sort as their events do.
    pub fn of(event_id: EventId, webhook_id: WebhookId) -> Self {
        Self(Uuid::from_u128(event_id.0.as_u128() ^ u128::from(webhook_id.tag())))
    }
}

impl WebhookId {
    /// What tells the webhooks of a workspace apart in the ids of deliveries: the random end of the id.
    pub fn tag(self) -> u32 {
        // The low 32 bits.
        (self.0.as_u128() & u128::from(u32::MAX)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_also_as_text() {
        let ids: Vec<String> =
            (0..2000).map(|n| DeliveryId::new(1_800_000_000_000 + n / 500).to_string()).collect();
        assert!(ids.is_sorted());
        assert!(DeliveryId::floor(1_800_000_000_000).to_string() <= ids[0]);
        assert!(DeliveryId::floor(1_800_000_000_004).to_string() > ids[1999]);
    }

    #[test]
    fn an_event_has_one_delivery_per_webhook() {
        let (event, webhook) = (EventId::new(1_700_000_000_000), WebhookId::new(5));
        assert_eq!(DeliveryId::of(event, webhook), DeliveryId::of(event, webhook));
        assert_ne!(DeliveryId::of(event, webhook), DeliveryId::of(event, WebhookId::new(5)));
        assert_ne!(DeliveryId::of(event, webhook), DeliveryId::of(EventId::new(1_700_000_000_000), webhook));
        let ids: Vec<DeliveryId> =
            (0..1000).map(|n| DeliveryId::of(EventId::new(1_700_000_000_000 + n / 100), webhook)).collect();
        assert!(ids.is_sorted(), "deliveries sort as their events do");
        assert_eq!(DeliveryId::floor(1_700_000_000_009).made_ms(), 1_700_000_000_009);
    }

    #[test]
    fn an_event_id_has_no_dots_and_reads_back() {
        let id = EventId::new(1_800_000_000_000);
        assert!(id.to_string().starts_with("evt_") && !id.to_string().contains('.'));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn other_spellings_are_refused() {
        let id = WebhookId::new(0).to_string();
        for text in
            [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), String::new(), "x".repeat(99)]
        {
            assert!(text.parse::<WebhookId>().is_err(), "{text}");
        }
        assert!(id.parse::<EventId>().is_err());
    }
}
