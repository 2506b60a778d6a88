//! The JSON Schema of every event, generated from the Rust structs.
//!
//! It is committed as `schema/events.schema.json`, and types in other languages are generated from that file.

use alloc::string::String;
use alloc::vec::Vec;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::event::{
    ApiKeyCreated, ApiKeyRevoked, CreditsExhausted, CreditsLow, EventKind, LookupCompleted,
    MonitorRunCompleted, Sorted, Test,
};

/// When the samples happened.
const SAMPLE_CREATED_AT: &str = "2026-01-01T00:00:00Z";

/// The schema (JSON Schema, draft 2020-12) of a delivery's body.
///
/// At the top an `anyOf` over one envelope per event (`LookupCompletedEvent`, …) and `UnknownEvent`, which any later
/// event is; in `$defs` these envelopes and the data of each event (`LookupCompleted`, …), each with its sample as an
/// example.
///
/// ```
/// let schema = encrata_webhooks::schema::events();
/// let email = &schema["$defs"]["LookupCompleted"]["properties"]["email"];
/// assert_eq!(email["type"], "string");
/// ```
#[must_use]
pub fn events() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut arms = Vec::new();
    let mut envelopes = Map::new();
    for kind in EventKind::ALL {
        let data = data_schema(kind, &mut generator);
        let name = alloc::format!("{}Event", data.rsplit('/').next().unwrap_or_default());
        arms.push(json!({"$ref": alloc::format!("#/$defs/{name}")}));
        envelopes.insert(name, known_event(kind, &data));
    }
    arms.push(json!({"$ref": "#/$defs/UnknownEvent"}));
    envelopes.insert("UnknownEvent".into(), unknown_event());

    let mut definitions = generator.take_definitions(true);
    definitions.extend(envelopes);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "WebhookEvent",
        "description": "The body of a webhook delivery from Encrata.",
        "anyOf": arms,
        "$defs": definitions,
    })
}

/// The schema as it is committed: two spaces of indentation, the keys sorted, a newline at the end.
#[must_use]
pub fn events_file() -> String {
    let schema = events();
    let mut text =
        serde_json::to_string_pretty(&Sorted::from(&schema)).expect("a JSON value always serialises");
    text.push('\n');
    text
}

/// Adds the data's schema to the definitions, and returns the reference to it.
fn data_schema(kind: EventKind, generator: &mut SchemaGenerator) -> String {
    fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> String {
        let schema = generator.subschema_for::<T>();
        schema.get("$ref").and_then(Value::as_str).map(String::from).unwrap_or_default()
    }
    match kind {
        EventKind::LookupCompleted => reference::<LookupCompleted>(generator),
        EventKind::MonitorRunCompleted => reference::<MonitorRunCompleted>(generator),
        EventKind::ApiKeyCreated => reference::<ApiKeyCreated>(generator),
        EventKind::ApiKeyRevoked => reference::<ApiKeyRevoked>(generator),
        EventKind::CreditsLow => reference::<CreditsLow>(generator),
        EventKind::CreditsExhausted => reference::<CreditsExhausted>(generator),
        EventKind::Test => reference::<Test>(generator),
    }
}

fn known_event(kind: EventKind, data: &str) -> Value {
    json!({
        "type": "object",
        "description": kind.description(),
        "properties": {
            "created_at": created_at(),
            "data": {"$ref": data},
            "event": {"type": "string", "const": kind.as_str(), "description": "The event's name."},
        },
        "required": ["created_at", "data", "event"],
        "additionalProperties": true,
        "examples": [{"created_at": SAMPLE_CREATED_AT, "data": kind.sample(), "event": kind.as_str()}],
    })
}

fn unknown_event() -> Value {
    let known: Vec<&str> = EventKind::ALL.into_iter().map(EventKind::as_str).collect();
    json!({
        "type": "object",
        "description": "An event that this version does not know yet. Receivers pass it through.",
        "properties": {
            "created_at": created_at(),
            "data": {"type": "object", "additionalProperties": true, "description": "The event's data."},
            "event": {"type": "string", "not": {"enum": known}, "description": "The event's name."},
        },
        "required": ["created_at", "data", "event"],
        "additionalProperties": true,
        "examples": [{"created_at": SAMPLE_CREATED_AT, "data": {"some_id": "some_1"}, "event": "something.new"}],
    })
}

fn created_at() -> Value {
    json!({
        "type": "string",
        "format": "date-time",
        "description": "When the event happened: RFC 3339, UTC, whole seconds.",
    })
}
