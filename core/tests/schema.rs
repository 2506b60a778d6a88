//! The committed JSON Schema is the one that the structs give.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are part of the tests")]

use encrata_webhooks::{EventData, EventKind, schema};

const COMMITTED: &str = include_str!("../schema/events.schema.json");

#[test]
fn the_committed_schema_is_current() {
    assert!(
        COMMITTED == schema::events_file(),
        "schema/events.schema.json is not what the structs give; run\n  \
         cargo run -p encrata-webhooks --features schema --example schema"
    );
}

#[test]
fn every_event_has_its_envelope_its_data_and_a_sample_that_fits() {
    let schema = schema::events();
    let arms = schema["anyOf"].as_array().unwrap();
    assert_eq!(arms.len(), EventKind::ALL.len() + 1);
    for (kind, arm) in EventKind::ALL.into_iter().zip(arms) {
        let envelope = schema.pointer(&arm["$ref"].as_str().unwrap()[1..]).unwrap();
        assert_eq!(envelope["properties"]["event"]["const"], kind.as_str());
        let data = schema.pointer(&envelope["properties"]["data"]["$ref"].as_str().unwrap()[1..]).unwrap();
        assert_eq!(data["examples"][0].as_object(), Some(&kind.sample()));
        assert_eq!(envelope["examples"][0]["data"], data["examples"][0]);

        let required: Vec<&str> =
            data["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        for name in &required {
            let property = &data["properties"][*name];
            assert!(property["description"].is_string(), "{kind}: {name} is not described");
            let mut without = kind.sample();
            without.remove(*name);
            let error = EventData::parse(kind, without).unwrap_err();
            assert_eq!(error.field(), *name);
        }
        assert_eq!(required.len(), kind.sample().len(), "{kind}");
    }
}
