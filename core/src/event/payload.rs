//! The data of each event: one table, from which the structs, their samples, their errors and the JSON Schema come.

use alloc::string::{String, ToString};
use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Why `data` is not that of its event: which field, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    field: &'static str,
    expected: &'static str,
    found: Option<&'static str>,
}

impl DataError {
    /// The field of `data` that is missing or wrong.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataError { field, expected, found } = self;
        match found {
            None => write!(f, "`data.{field}` is missing: expected {expected}"),
            Some(found) => write!(f, "`data.{field}` is {found}: expected {expected}"),
        }
    }
}

impl core::error::Error for DataError {}

/// What a field can hold.
trait Field: Sized {
    const EXPECTED: &'static str;
    fn read(value: &Value) -> Option<Self>;
}

impl Field for String {
    const EXPECTED: &'static str = "a string";
    fn read(value: &Value) -> Option<String> {
        value.as_str().map(ToString::to_string)
    }
}

impl Field for u64 {
    const EXPECTED: &'static str = "a whole number, not negative";
    fn read(value: &Value) -> Option<u64> {
        value.as_u64()
    }
}

impl Field for i64 {
    const EXPECTED: &'static str = "a whole number";
    fn read(value: &Value) -> Option<i64> {
        value.as_i64()
    }
}

fn get<T: Field>(data: &Map<String, Value>, field: &'static str) -> Result<T, DataError> {
    let expected = T::EXPECTED;
    let value = data.get(field).ok_or(DataError { field, expected, found: None })?;
    T::read(value).ok_or(DataError { field, expected, found: Some(describe(value)) })
}

const fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "another number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// One struct per event. Each field has its sample beside it, so that sample and type cannot drift apart.
macro_rules! payloads {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident: $type:ty = $sample:expr,
            )+
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(example = Self::sample()))]
        pub struct $name {
            $(
                $(#[doc = $field_doc])+
                pub $field: $type,
            )+
            /// Fields that this version does not know yet.
            #[serde(flatten)]
            pub extra: Map<String, Value>,
        }

        impl $name {
            /// A realistic sample: what `test` and `trigger` send, and the example in the JSON Schema.
            #[must_use]
            pub fn sample() -> Self {
                Self { $($field: $sample.into(),)+ extra: Map::new() }
            }

            /// Reads the data of this event, and keeps the fields it does not know in `extra`.
            ///
            /// # Errors
            ///
            /// [`DataError`] naming the first field that is missing or of another type.
            pub fn from_data(data: Map<String, Value>) -> Result<Self, DataError> {
                Self::try_from_data(data).map_err(|(error, _)| error)
            }

            /// As [`Self::from_data`], but what does not fit is given back.
            pub(super) fn try_from_data(
                mut data: Map<String, Value>,
            ) -> Result<Self, (DataError, Map<String, Value>)> {
                match Self::fields(&data) {
                    Ok(typed) => {
                        $(data.remove(stringify!($field));)+
                        Ok(Self { extra: data, ..typed })
                    }
                    Err(error) => Err((error, data)),
                }
            }

            /// The typed fields alone.
            pub(super) fn fields(data: &Map<String, Value>) -> Result<Self, DataError> {
                Ok(Self { $($field: get(data, stringify!($field))?,)+ extra: Map::new() })
            }

            /// The data as JSON, with the fields in `extra`; where a name is in both, the typed field wins.
            #[must_use]
            pub fn to_data(&self) -> Map<String, Value> {
                let mut data = self.extra.clone();
                $(data.insert(stringify!($field).to_string(), Value::from(self.$field.clone()));)+
                data
            }
        }
    )+};
}

payloads! {
    /// The data of `lookup.completed`: an email look-up has finished.
    LookupCompleted {
        /// The email address that was looked up.
        email: String = "ada@example.com",
        /// The id of the look-up, `lu_` and more.
        lookup_id: String = "lu_7f3kq9x2m4",
    }

    /// The data of `monitor.run.completed`: a run of a monitor has finished.
    MonitorRunCompleted {
        /// The id of the monitor.
        monitor_id: String = "mon_5h2c8v1t",
        /// The name that the monitor was given.
        monitor_name: String = "Key accounts",
        /// The id of this run.
        run_id: String = "run_9d4j6w3p",
        /// How many records the run looked at.
        total_records: u64 = 250u64,
        /// In how many of them something had changed.
        changes_detected: u64 = 4u64,
        /// How many credits the run used.
        credits_used: u64 = 250u64,
    }

    /// The data of `apikey.created`: an API key was created. The key itself is never in it.
    ApiKeyCreated {
        /// The id of the key.
        key_id: String = "key_2b8n5r7z",
        /// The name that the key was given.
        name: String = "Production",
        /// The end of the key, to recognise it by: `...` and its last four characters.
        key_preview: String = "...a1b2",
    }

    /// The data of `apikey.revoked`: an active API key was revoked or deleted. The key itself is never in it.
    ApiKeyRevoked {
        /// The id of the key.
        key_id: String = "key_2b8n5r7z",
        /// The name that the key was given.
        name: String = "Production",
        /// The end of the key, to recognise it by: `...` and its last four characters.
        key_preview: String = "...a1b2",
    }

    /// The data of `credits.low`: the workspace's remaining credits fell to its threshold.
    CreditsLow {
        /// How many credits remain.
        credits_remaining: i64 = 95i64,
        /// The threshold that was reached, in credits.
        threshold: i64 = 100i64,
    }

    /// The data of `credits.exhausted`: the workspace has no credits left.
    CreditsExhausted {
        /// How many credits remain: 0.
        credits_remaining: i64 = 0i64,
    }

    /// The data of `test`, which is sent on demand.
    Test {
        /// A text for people.
        message: String = "This is a test webhook from Encrata",
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use serde_json::{Value, json};

    use crate::event::{CreditsLow, EventData, EventKind, LookupCompleted};

    fn fault(kind: EventKind, data: Value) -> alloc::string::String {
        let Value::Object(data) = data else { unreachable!() };
        let fault = EventData::check(kind, &data).unwrap_err();
        assert_eq!(EventData::parse(kind, data), Err(fault.clone()));
        fault.to_string()
    }

    #[test]
    fn a_sample_is_its_event() {
        for kind in EventKind::ALL {
            assert_eq!(EventData::check(kind, &kind.sample()), Ok(()));
            let data = EventData::parse(kind, kind.sample()).unwrap();
            assert_eq!(data.kind(), Some(kind));
            assert_eq!(data.name(), kind.as_str());
            assert_eq!(data.to_data(), kind.sample());
        }
    }

    #[test]
    fn the_faulty_field_is_named() {
        let kind = EventKind::LookupCompleted;
        assert_eq!(fault(kind, json!({"email": "a@b"})), "`data.lookup_id` is missing: expected a string");
        assert_eq!(
            fault(kind, json!({"email": null, "lookup_id": "lu_1"})),
            "`data.email` is null: expected a string"
        );
        let mut run = EventKind::MonitorRunCompleted.sample();
        for (value, found) in
            [(json!(-1), "another number"), (json!(1.5), "another number"), (json!([]), "an array")]
        {
            run.insert("total_records".into(), value);
            assert_eq!(
                fault(EventKind::MonitorRunCompleted, Value::Object(run.clone())),
                alloc::format!("`data.total_records` is {found}: expected a whole number, not negative")
            );
        }
    }

    #[test]
    fn unknown_fields_are_kept() {
        let mut data = EventKind::CreditsLow.sample();
        data.insert("test".into(), json!(true));
        let EventData::CreditsLow(low) = EventData::parse(EventKind::CreditsLow, data.clone()).unwrap()
        else {
            unreachable!()
        };
        assert_eq!(low.extra, *json!({"test": true}).as_object().unwrap());
        assert_eq!(low.to_data(), data);
        // By way of serde too.
        assert_eq!(serde_json::to_value(&low).unwrap(), Value::Object(data.clone()));
        assert_eq!(serde_json::from_value::<CreditsLow>(Value::Object(data)).unwrap(), low);
    }

    #[test]
    fn nothing_is_lost_when_data_does_not_fit() {
        let data = json!({"email": 1}).as_object().unwrap().clone();
        let event = EventData::read("lookup.completed".into(), data.clone());
        assert_eq!(event, EventData::Unknown { event: "lookup.completed".into(), data: data.clone() });
        assert_eq!(event.name(), "lookup.completed");
        assert_eq!(event.kind(), None);
        assert_eq!(event.to_data(), data);
    }

    #[test]
    fn a_typed_field_wins_over_an_extra_one() {
        let mut data = LookupCompleted::sample();
        data.extra.insert("email".into(), json!(1));
        assert_eq!(data.to_data()["email"], "ada@example.com");
    }
}
