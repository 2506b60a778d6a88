//! The kinds of events, by name.

use core::fmt;
use core::str::FromStr;

/// A kind of event that this version knows. New kinds will come: treat an unknown name as normal.
///
/// ```
/// use encrata_webhooks::EventKind;
///
/// assert_eq!(EventKind::LookupCompleted.as_str(), "lookup.completed");
/// assert_eq!("credits.low".parse(), Ok(EventKind::CreditsLow));
/// assert!("something.new".parse::<EventKind>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// `lookup.completed`
    LookupCompleted,
    /// `monitor.run.completed`
    MonitorRunCompleted,
    /// `apikey.created`
    ApiKeyCreated,
    /// `apikey.revoked`
    ApiKeyRevoked,
    /// `credits.low`
    CreditsLow,
    /// `credits.exhausted`
    CreditsExhausted,
    /// `test`, which is sent on demand and cannot be subscribed to.
    Test,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [EventKind; 7] = [
        EventKind::LookupCompleted,
        EventKind::MonitorRunCompleted,
        EventKind::ApiKeyCreated,
        EventKind::ApiKeyRevoked,
        EventKind::CreditsLow,
        EventKind::CreditsExhausted,
        EventKind::Test,
    ];

    /// Every kind that a webhook can be registered for: all but `test`.
    pub const SUBSCRIBABLE: [EventKind; 6] = [
        EventKind::LookupCompleted,
        EventKind::MonitorRunCompleted,
        EventKind::ApiKeyCreated,
        EventKind::ApiKeyRevoked,
        EventKind::CreditsLow,
        EventKind::CreditsExhausted,
    ];

    /// The name on the wire: the value of `event` in the body and of the `x-encrata-event` header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            EventKind::LookupCompleted => "lookup.completed",
            EventKind::MonitorRunCompleted => "monitor.run.completed",
            EventKind::ApiKeyCreated => "apikey.created",
            EventKind::ApiKeyRevoked => "apikey.revoked",
            EventKind::CreditsLow => "credits.low",
            EventKind::CreditsExhausted => "credits.exhausted",
            EventKind::Test => "test",
        }
    }

    /// What triggers it, in one sentence for people.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            EventKind::LookupCompleted => "Sent when an email look-up has finished.",
            EventKind::MonitorRunCompleted => "Sent when a run of a monitor has finished.",
            EventKind::ApiKeyCreated => "Sent when an API key was created in the workspace.",
            EventKind::ApiKeyRevoked => "Sent when an active API key was revoked or deleted.",
            EventKind::CreditsLow => "Sent when the workspace's remaining credits fall to its threshold.",
            EventKind::CreditsExhausted => "Sent when the workspace has no credits left.",
            EventKind::Test => "Sent on demand, to try a webhook.",
        }
    }

    /// Whether a webhook can be registered for it.
    #[must_use]
    pub const fn is_subscribable(self) -> bool {
        !matches!(self, EventKind::Test)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name is of no kind that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown event; expected one of")?;
        for (index, kind) in EventKind::ALL.into_iter().enumerate() {
            write!(f, "{} {kind}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownKind {}

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<EventKind, UnknownKind> {
        EventKind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::EventKind;

    #[test]
    fn a_kind_is_shown_as_its_name() {
        assert_eq!(std::format!("{:>5}", EventKind::Test), " test");
        let text = std::format!("{}", super::UnknownKind);
        assert!(EventKind::ALL.iter().all(|kind| text.contains(kind.as_str())), "{text}");
        assert!(EventKind::ALL.iter().all(|kind| kind.description().starts_with("Sent ")));
    }

    #[test]
    fn names_are_read_back_and_test_cannot_be_subscribed_to() {
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(EventKind::SUBSCRIBABLE.contains(&kind), kind.is_subscribable());
        }
        assert!(!EventKind::Test.is_subscribable());
        for name in ["", "Test", "test ", "lookup", "lookup.completed\n"] {
            assert!(name.parse::<EventKind>().is_err(), "{name:?}");
        }
    }
}
