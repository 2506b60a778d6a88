//! The envelope: the body of every delivery.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::error::Error;

/// The body of a delivery: `{"created_at":…,"data":{…},"event":…}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The event's name, as in `lookup.completed`.
    pub event: String,
    /// Its data.
    pub data: Map<String, Value>,
    /// When it happened: RFC 3339, UTC, whole seconds, `Z`.
    pub created_at: String,
    /// Fields that this version does not know yet.
    pub extra: Map<String, Value>,
}

impl Envelope {
    /// The bytes on the wire: compact, the keys sorted at every level, no newline at the end.
    ///
    /// Keys are sorted by their UTF-8 bytes, which is the order of their code points. That holds however
    /// `serde_json` keeps its maps. Serialise once, store the bytes, and send the same at every attempt.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError`] when the name is empty or `created_at` is not a real date and time in the one form the wire
    /// contract knows, `2026-01-01T00:00:00Z`.
    ///
    /// ```
    /// use encrata_webhooks::{Envelope, EventKind};
    ///
    /// let body = Envelope::to_bytes("test", &EventKind::Test.sample(), "2026-01-01T00:00:00Z")?;
    /// assert_eq!(
    ///     body,
    ///     br#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}"#
    /// );
    /// # Ok::<(), encrata_webhooks::event::EnvelopeError>(())
    /// ```
    pub fn to_bytes(
        event: &str,
        data: &Map<String, Value>,
        created_at: &str,
    ) -> Result<Vec<u8>, EnvelopeError> {
        if event.is_empty() {
            return Err(EnvelopeError::EventEmpty);
        }
        if !is_utc_seconds(created_at) {
            return Err(EnvelopeError::CreatedAt);
        }
        let fields = [
            ("created_at", Part::Text(created_at)),
            ("data", Part::Sorted(Sorted::Object(data))),
            ("event", Part::Text(event)),
        ];
        Ok(serde_json::to_vec(&Fields(fields)).expect("text keys and JSON values always serialise"))
    }

    /// Reads a body.
    ///
    /// A name that comes twice counts as its last value, as in the parsers of JavaScript, Python and Go, so that all
    /// receivers see the same event. The form of `created_at` is not looked at: the signature says who wrote it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPayload`] when it is not a JSON object with `event` (string), `data` (object) and
    /// `created_at` (string).
    pub fn parse(body: &[u8]) -> Result<Envelope, Error> {
        let mut fields: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Error::InvalidPayload)?;
        match (fields.remove("event"), fields.remove("data"), fields.remove("created_at")) {
            (Some(Value::String(event)), Some(Value::Object(data)), Some(Value::String(created_at))) => {
                Ok(Envelope { event, data, created_at, extra: fields })
            }
            _ => Err(Error::InvalidPayload),
        }
    }
}

/// Why an envelope cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvelopeError {
    /// The event has no name.
    EventEmpty,
    /// `created_at` is not a real date and time as in `2026-01-01T00:00:00Z`.
    CreatedAt,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EnvelopeError::EventEmpty => "`event` is empty: expected a name as in `lookup.completed`",
            EnvelopeError::CreatedAt => {
                "`created_at` is not a date and time: expected RFC 3339 in UTC with whole seconds, as in \
                 `2026-01-01T00:00:00Z`"
            }
        })
    }
}

impl core::error::Error for EnvelopeError {}

struct Fields<'a>([(&'static str, Part<'a>); 3]);

enum Part<'a> {
    Text(&'a str),
    Sorted(Sorted<'a>),
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, part)| (name, part)))
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Part::Text(text) => serializer.serialize_str(text),
            Part::Sorted(value) => value.serialize(serializer),
        }
    }
}

/// A value whose objects are written with sorted keys, even if another crate of the same build turns on
/// `serde_json/preserve_order`.
pub(crate) enum Sorted<'a> {
    Object(&'a Map<String, Value>),
    Array(&'a [Value]),
    Scalar(&'a Value),
}

impl<'a> From<&'a Value> for Sorted<'a> {
    fn from(value: &'a Value) -> Sorted<'a> {
        match value {
            Value::Object(object) => Sorted::Object(object),
            Value::Array(array) => Sorted::Array(array),
            scalar => Sorted::Scalar(scalar),
        }
    }
}

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Sorted::Object(object) => {
                let mut entries: Vec<_> = object.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, &Sorted::from(value))?;
                }
                map.end()
            }
            Sorted::Array(array) => {
                let mut sequence = serializer.serialize_seq(Some(array.len()))?;
                for value in *array {
                    sequence.serialize_element(&Sorted::from(value))?;
                }
                sequence.end()
            }
            Sorted::Scalar(value) => value.serialize(serializer),
        }
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ`, a date of the calendar and a time of the clock; no leap seconds.
fn is_utc_seconds(text: &str) -> bool {
    let text: &[u8; 20] = match text.as_bytes().try_into() {
        Ok(text) => text,
        Err(_) => return false,
    };
    let shape = b"0000-00-00T00:00:00Z";
    let fits = text.iter().zip(shape).all(|(byte, expected)| match expected {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    });
    if !fits {
        return false;
    }
    let number = |range: core::ops::Range<usize>| {
        text[range].iter().fold(0u32, |sum, byte| sum * 10 + u32::from(byte - b'0'))
    };
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    (1..=days_in(year, month)).contains(&day) && hour < 24 && minute < 60 && second < 60
}

/// 0 for a month that does not exist, so that no day fits.
const fn days_in(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use serde_json::{Map, Value, json};

    use super::{Envelope, EnvelopeError, is_utc_seconds};

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn keys_are_sorted_at_every_level_by_their_bytes() {
        let data = object(&json!({
            "b": [{"z": 1, "a": {"é": 1, "e": 2, "~": 3}}, []],
            "a": null, "B": {}, "": "x", "😀": 1, "\u{ffff}": 2, "aa": 1.5,
        }));
        let body = Envelope::to_bytes("e", &data, "2026-01-01T00:00:00Z").unwrap();
        let expected = "{\"created_at\":\"2026-01-01T00:00:00Z\",\"data\":{\"\":\"x\",\"B\":{},\"a\":null,\"aa\":1.5,\
                        \"b\":[{\"a\":{\"e\":2,\"~\":3,\"é\":1},\"z\":1},[]],\"\u{ffff}\":2,\"😀\":1},\"event\":\"e\"}";
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn fractions_come_out_as_they_went_in() {
        // Each of these is read as its neighbour by a parser that is only nearly right.
        for number in
            ["2.638344616030823e-256", "51.24817837550540", "31.245270191439438", "0.30000000000000004"]
        {
            let number = number.trim_end_matches('0');
            let text = alloc::format!(
                "{{\"created_at\":\"2026-01-01T00:00:00Z\",\"data\":{{\"n\":{number}}},\"event\":\"e\"}}"
            );
            let Envelope { event, data, created_at, .. } = Envelope::parse(text.as_bytes()).unwrap();
            assert_eq!(Envelope::to_bytes(&event, &data, &created_at).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn what_cannot_be_sent_is_not_written() {
        let data = Map::new();
        assert_eq!(Envelope::to_bytes("", &data, "2026-01-01T00:00:00Z"), Err(EnvelopeError::EventEmpty));
        assert_eq!(Envelope::to_bytes("e", &data, "now"), Err(EnvelopeError::CreatedAt));
        assert!(EnvelopeError::EventEmpty.to_string().contains("`event`"));
        assert!(EnvelopeError::CreatedAt.to_string().contains("`created_at`"));
    }

    #[test]
    fn only_whole_seconds_of_real_dates_in_utc() {
        for text in [
            "2026-01-01T00:00:00Z",
            "2024-02-29T23:59:59Z",
            "2000-02-29T00:00:00Z",
            "0000-12-31T00:00:00Z",
            "2026-02-28T00:00:00Z",
            "2026-04-30T00:00:00Z",
            "2026-01-31T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert!(is_utc_seconds(text), "{text}");
        }
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00z",
            "2026-01-01t00:00:00Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00.0Z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T00:00:00ZZ",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "2026-1-01T00:00:000Z",
            "+026-01-01T00:00:00Z",
            "202é-01-01T00:00:00",
            "２026-01-01T00:00Z",
        ] {
            assert!(!is_utc_seconds(text), "{text}");
        }
    }
}
