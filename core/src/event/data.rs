//! A verified event, typed.

use alloc::string::String;

use serde_json::{Map, Value};

use super::envelope::Envelope;
use super::kind::EventKind;
use super::payload::{
    ApiKeyCreated, ApiKeyRevoked, CreditsExhausted, CreditsLow, DataError, LookupCompleted,
    MonitorRunCompleted, Test,
};
use crate::verify::Verified;

/// A verified event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The event's id (`webhook-id`), the same at every attempt and resend: drop what was processed already. `None`
    /// when only `x-encrata-signature` was verified, which does not cover it.
    pub id: Option<String>,
    /// When this attempt was sent (`webhook-timestamp`), in Unix seconds. `None` as for `id`.
    pub timestamp: Option<i64>,
    /// When the event happened: RFC 3339, UTC, whole seconds, as in `2026-01-01T00:00:00Z`.
    pub created_at: String,
    /// What happened.
    pub data: EventData,
    /// Fields of the envelope that this version does not know yet.
    pub extra: Map<String, Value>,
}

impl Event {
    pub(crate) fn new(verified: Verified, envelope: Envelope) -> Event {
        let Envelope { event, data, created_at, extra } = envelope;
        Event {
            id: verified.id,
            timestamp: verified.timestamp,
            created_at,
            data: EventData::read(event, data),
            extra,
        }
    }

    /// The event's name, as in `lookup.completed`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.data.name()
    }
}

/// The data of an event, by kind.
///
/// `Unknown` holds an event of a kind that this version does not know, **and** one of a known kind whose data does
/// not fit its struct. Nothing that was verified is lost because this version is older than the sender.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EventData {
    /// `lookup.completed`
    LookupCompleted(LookupCompleted),
    /// `monitor.run.completed`
    MonitorRunCompleted(MonitorRunCompleted),
    /// `apikey.created`
    ApiKeyCreated(ApiKeyCreated),
    /// `apikey.revoked`
    ApiKeyRevoked(ApiKeyRevoked),
    /// `credits.low`
    CreditsLow(CreditsLow),
    /// `credits.exhausted`
    CreditsExhausted(CreditsExhausted),
    /// `test`
    Test(Test),
    /// Anything else, untouched.
    Unknown {
        /// The event's name.
        event: String,
        /// Its data.
        data: Map<String, Value>,
    },
}

impl EventData {
    /// Reads the data of a known kind.
    ///
    /// # Errors
    ///
    /// [`DataError`] naming the first field that is missing or of another type.
    ///
    /// ```
    /// use encrata_webhooks::{EventData, EventKind};
    ///
    /// let data = serde_json::json!({"credits_remaining": 10, "threshold": "100"});
    /// let error = EventData::parse(EventKind::CreditsLow, data.as_object().unwrap().clone()).unwrap_err();
    /// assert_eq!(error.to_string(), "`data.threshold` is a string: expected a whole number");
    /// ```
    pub fn parse(kind: EventKind, data: Map<String, Value>) -> Result<EventData, DataError> {
        EventData::try_parse(kind, data).map_err(|(error, _)| error)
    }

    /// As [`EventData::parse`], but what does not fit is given back.
    fn try_parse(
        kind: EventKind,
        data: Map<String, Value>,
    ) -> Result<EventData, (DataError, Map<String, Value>)> {
        Ok(match kind {
            EventKind::LookupCompleted => EventData::LookupCompleted(LookupCompleted::try_from_data(data)?),
            EventKind::MonitorRunCompleted => {
                EventData::MonitorRunCompleted(MonitorRunCompleted::try_from_data(data)?)
            }
            EventKind::ApiKeyCreated => EventData::ApiKeyCreated(ApiKeyCreated::try_from_data(data)?),
            EventKind::ApiKeyRevoked => EventData::ApiKeyRevoked(ApiKeyRevoked::try_from_data(data)?),
            EventKind::CreditsLow => EventData::CreditsLow(CreditsLow::try_from_data(data)?),
            EventKind::CreditsExhausted => {
                EventData::CreditsExhausted(CreditsExhausted::try_from_data(data)?)
            }
            EventKind::Test => EventData::Test(Test::try_from_data(data)?),
        })
    }

    /// Whether data fits a kind, without reading all of it.
    ///
    /// # Errors
    ///
    /// As [`EventData::parse`].
    ///
    /// ```
    /// use encrata_webhooks::{EventData, EventKind};
    ///
    /// assert!(EventData::check(EventKind::CreditsLow, &EventKind::CreditsLow.sample()).is_ok());
    /// let error = EventData::check(EventKind::CreditsLow, &serde_json::Map::new()).unwrap_err();
    /// assert_eq!(error.field(), "credits_remaining");
    /// ```
    pub fn check(kind: EventKind, data: &Map<String, Value>) -> Result<(), DataError> {
        match kind {
            EventKind::LookupCompleted => LookupCompleted::fields(data).map(drop),
            EventKind::MonitorRunCompleted => MonitorRunCompleted::fields(data).map(drop),
            EventKind::ApiKeyCreated => ApiKeyCreated::fields(data).map(drop),
            EventKind::ApiKeyRevoked => ApiKeyRevoked::fields(data).map(drop),
            EventKind::CreditsLow => CreditsLow::fields(data).map(drop),
            EventKind::CreditsExhausted => CreditsExhausted::fields(data).map(drop),
            EventKind::Test => Test::fields(data).map(drop),
        }
    }

    /// Reads the data of any event, and never loses it.
    #[must_use]
    pub fn read(event: String, data: Map<String, Value>) -> EventData {
        let Ok(kind) = event.parse() else { return EventData::Unknown { event, data } };
        EventData::try_parse(kind, data).unwrap_or_else(|(_, data)| EventData::Unknown { event, data })
    }

    /// The event's kind; `None` for `Unknown`.
    #[must_use]
    pub const fn kind(&self) -> Option<EventKind> {
        match self {
            EventData::LookupCompleted(_) => Some(EventKind::LookupCompleted),
            EventData::MonitorRunCompleted(_) => Some(EventKind::MonitorRunCompleted),
            EventData::ApiKeyCreated(_) => Some(EventKind::ApiKeyCreated),
            EventData::ApiKeyRevoked(_) => Some(EventKind::ApiKeyRevoked),
            EventData::CreditsLow(_) => Some(EventKind::CreditsLow),
            EventData::CreditsExhausted(_) => Some(EventKind::CreditsExhausted),
            EventData::Test(_) => Some(EventKind::Test),
            EventData::Unknown { .. } => None,
        }
    }

    /// The event's name, as in `lookup.completed`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            EventData::Unknown { event, .. } => event,
            known => known.kind().map_or("", EventKind::as_str),
        }
    }

    /// The data as JSON, the unknown fields with it.
    #[must_use]
    pub fn to_data(&self) -> Map<String, Value> {
        match self {
            EventData::LookupCompleted(data) => data.to_data(),
            EventData::MonitorRunCompleted(data) => data.to_data(),
            EventData::ApiKeyCreated(data) => data.to_data(),
            EventData::ApiKeyRevoked(data) => data.to_data(),
            EventData::CreditsLow(data) => data.to_data(),
            EventData::CreditsExhausted(data) => data.to_data(),
            EventData::Test(data) => data.to_data(),
            EventData::Unknown { data, .. } => data.clone(),
        }
    }
}

impl EventKind {
    /// The data of a realistic sample of this event.
    ///
    /// ```
    /// use encrata_webhooks::EventKind;
    ///
    /// assert_eq!(EventKind::Test.sample()["message"], "This is a test webhook from Encrata");
    /// ```
    #[must_use]
    pub fn sample(self) -> Map<String, Value> {
        match self {
            EventKind::LookupCompleted => LookupCompleted::sample().to_data(),
            EventKind::MonitorRunCompleted => MonitorRunCompleted::sample().to_data(),
            EventKind::ApiKeyCreated => ApiKeyCreated::sample().to_data(),
            EventKind::ApiKeyRevoked => ApiKeyRevoked::sample().to_data(),
            EventKind::CreditsLow => CreditsLow::sample().to_data(),
            EventKind::CreditsExhausted => CreditsExhausted::sample().to_data(),
            EventKind::Test => Test::sample().to_data(),
        }
    }
}
