//! The API's description: routes from the handlers, events from the core's one table.

use encrata_webhooks::{EventKind, schema};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Encrata Webhooks",
        description = "Register webhooks, publish events, see what was delivered.\n\nThe same routes are served \
                       under `/api`, `/api/agent` and `/api/cli`; errors under `/api/agent` also carry the status \
                       as `c` and the text as `m`."
    ),
    tags(
        (name = "webhooks", description = "Where events are delivered"),
        (name = "deliveries", description = "What was delivered, and what was not"),
        (name = "stats", description = "How deliveries went"),
        (name = "events", description = "Publishing, for the operator's own services"),
        (name = "keys", description = "API keys"),
        (name = "session", description = "Signing in to the page"),
        (name = "server", description = "The server and the caller")
    )
)]
struct Description;

/// The description without any route.
pub(super) fn base() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("enc_live_…").build();
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    let cookie = "The page's cookie. Over TLS its name begins with `__Host-`. What changes something needs the header \
                  `X-Encrata-Page: 1` beside it.";
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description("encrata_session", cookie));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    description
}

/// Adds to the described routes what is delivered: the schema of every event, and a webhook (OpenAPI 3.1) for
/// each.
pub(super) fn with_events(routes: &utoipa::openapi::OpenApi) -> Result<Value, serde_json::Error> {
    let mut description = serde_json::to_value(routes)?;
    let mut events = schema::events();
    in_components(&mut events);
    let definitions = events["$defs"].take();
    let schemas = &mut description["components"]["schemas"];
    for (name, definition) in definitions.as_object().into_iter().flatten() {
        schemas[name] = definition.clone();
    }
    schemas["WebhookEvent"] = json!({"description": events["description"], "anyOf": events["anyOf"]});
    schemas["DeliveryView"]["properties"]["payload"] = reference("WebhookEvent");
    // What may be subscribed to, and so published.
    let kinds = json!(EventKind::SUBSCRIBABLE.map(EventKind::as_str));
    for pointer in [
        "NewWebhook/properties/events/items",
        "WebhookChange/properties/events/items",
        "EventInput/properties/event",
    ] {
        if let Some(kind) = description.pointer_mut(&format!("/components/schemas/{pointer}")) {
            kind["enum"] = kinds.clone();
        }
    }
    description["webhooks"] = EventKind::ALL
        .into_iter()
        .zip(events["anyOf"].as_array().into_iter().flatten())
        .map(|(kind, event)| (kind.as_str().to_owned(), delivery(kind, event)))
        .collect::<Map<_, _>>()
        .into();
    Ok(description)
}

fn delivery(kind: EventKind, event: &Value) -> Value {
    json!({"post": {
        "tags": ["webhooks"],
        "summary": kind.as_str(),
        "description": kind.description(),
        "requestBody": {"required": true, "content": {"application/json": {"schema": event}}},
        "responses": {"2XX": {"description": "The receiver has it. Anything else is tried again."}},
    }})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Where a JSON Schema keeps definitions, and where OpenAPI does.
fn in_components(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_str().and_then(|text| text.strip_prefix("#/$defs/")) {
                    Some(name) if key == "$ref" => *value = format!("#/components/schemas/{name}").into(),
                    _ => in_components(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(in_components),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere_and_every_event_is_described() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(object) => {
                    found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    object.values().for_each(|value| references(value, found));
                }
                Value::Array(values) => values.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let description = crate::api::description().unwrap();
        let mut found = Vec::new();
        references(&description, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        let paths = description["paths"].as_object().unwrap().values();
        let mut ids: Vec<&str> = paths
            .flat_map(|path| path.as_object().unwrap().values())
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        ids.sort_unstable();
        assert!(ids.len() > 20 && ids.windows(2).all(|two| two[0] != two[1]), "each has its own: {ids:?}");
        let published = &description["components"]["schemas"]["EventInput"]["properties"]["event"]["enum"];
        assert_eq!(published.as_array().unwrap().len(), EventKind::SUBSCRIBABLE.len());
        for name in ["NewWebhook", "WebhookChange"] {
            let events = &description["components"]["schemas"][name]["properties"]["events"]["items"];
            assert_eq!(&events["enum"], published, "{name}");
        }
        for kind in EventKind::ALL {
            assert!(description["webhooks"][kind.as_str()]["post"].is_object(), "{kind}");
        }
    }
}
