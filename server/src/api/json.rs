//! Reading JSON bodies and queries, with errors that say where.

use std::marker::PhantomData;

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;

use super::ApiError;
use super::auth::Credential;
use crate::model::api_key::PREFIX;

/// A JSON body that is one object.
pub(super) struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Present::from_request(request, state).await?.0;
        parse(&bytes).map(|Object(body)| Self(body))
    }
}

/// A JSON body that is a list of objects.
pub(super) struct BodyList<T>(pub Vec<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for BodyList<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Present::from_request(request, state).await?.0;
        let objects: Vec<Object<T>> = parse(&bytes)?;
        Ok(Self(objects.into_iter().map(|Object(object)| object).collect()))
    }
}

/// A body that is there, and declared as JSON.
struct Present(Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for Present {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let declared = is_json(request.headers());
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return Err(ApiError::BadRequest("the body is empty: a JSON body is expected".into()));
        }
        if declared { Ok(Self(bytes)) } else { Err(ApiError::NotJson) }
    }
}

/// A JSON object as `T`. By itself a struct would also be read from an array of its fields.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// A JSON body that may be missing altogether.
pub(super) struct OptionalBody<T>(pub Option<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let declared = is_json(request.headers());
        let bytes = read(request).await?;
        match bytes.is_empty() {
            true => Ok(Self(None)),
            false if declared => parse(&bytes).map(|Object(body)| Self(Some(body))),
            false => Err(ApiError::NotJson),
        }
    }
}

/// The query string.
pub(super) struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => {
                let text = rejection.body_text();
                let what = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                Err(ApiError::BadRequest(format!("the query does not fit: {what}")))
            }
        }
    }
}

/// How large the body of a route's requests may be; without it, [`MANAGEMENT_BYTES`].
#[derive(Debug, Clone, Copy)]
pub(super) struct MaxBytes(pub usize);

/// How large the body of a management request may be.
const MANAGEMENT_BYTES: usize = 64 * 1024;

/// How much of a body that is too large is read to its end, and thrown away. A client that is still sending
/// would else find the connection closed, and never see the answer. Whoever shows no key is not listened to that long.
const DRAINED_BYTES: usize = 32 * 1024 * 1024;
const DRAINED_OF_STRANGERS_BYTES: usize = MANAGEMENT_BYTES;

async fn read(request: Request) -> Result<Vec<u8>, ApiError> {
    let limit = request.extensions().get().map_or(MANAGEMENT_BYTES, |MaxBytes(limit)| *limit);
    let drained = match request.extensions().get::<Credential>() {
        Some(_) => DRAINED_BYTES,
        None => DRAINED_OF_STRANGERS_BYTES,
    };
    let mut body = request.into_body();
    let (mut bytes, mut thrown_away) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ApiError::BadRequest(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if thrown_away > 0 || bytes.len() + data.len() > limit {
            thrown_away += data.len();
        } else {
            bytes.extend_from_slice(&data);
        }
        if thrown_away > drained {
            break;
        }
    }
    if thrown_away > 0 {
        return Err(ApiError::TooLarge(format!(
            "the body is larger than the {limit} bytes that this route reads"
        )));
    }
    Ok(bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what = match error.classify() {
            Category::Data => "the JSON body does not fit",
            Category::Eof => "the JSON body ends too early",
            Category::Syntax | Category::Io => "the body is not valid JSON",
        };
        ApiError::BadRequest(format!("{what}: {}", without_text(&error.to_string())))
    })
}

/// What is wrong, without a text that is quoted as the wrong value: it may be a secret that stands in the wrong place, and
/// answers with errors end up in logs.
fn without_text(error: &str) -> String {
    match (error.find("string \""), error.rfind("\", expected")) {
        (Some(from), Some(to)) => format!("{} a text{}", error[..from].trim_end(), &error[to + 1..]),
        _ => error.to_owned(),
    }
}

/// A wrong value as an error may quote it: nothing as long as the secrets that we make, and nothing that begins as they do. It may
/// be one that stands in the wrong place, and answers with errors end up in logs.
pub(super) fn quotable(text: &str) -> &str {
    let is_secret = text.contains(PREFIX) || text.contains(SECRET_PREFIX);
    if is_secret || text.chars().count() >= SHORTEST_SECRET_CHARS { "…" } else { text }
}

/// How the signing secrets begin that we make.
const SECRET_PREFIX: &str = "whsec_";
/// What follows the prefix of an API key.
const SHORTEST_SECRET_CHARS: usize = 32;

/// Reads an id that a client sent. What has not the shape of an id is an unknown one.
pub(super) fn id<T: std::str::FromStr>(text: Option<&str>, name: &str, what: &str) -> Result<T, ApiError> {
    match text {
        None | Some("") => Err(ApiError::BadRequest(format!("{name} is missing: name the {what}"))),
        Some(text) => text.parse().map_err(|_| unknown(what)),
    }
}

/// 404 for an id that is unknown, or of another workspace: the two can't be told apart.
pub(super) fn unknown(what: &str) -> ApiError {
    ApiError::NotFound(format!("there is no such {what} in this workspace"))
}

/// Checks a text of a person's: not too long, no control characters.
pub(super) fn text(name: &str, text: &str, max_chars: usize) -> Result<(), ApiError> {
    let chars = text.chars().count();
    if chars > max_chars {
        return Err(ApiError::BadRequest(format!("{name} has {chars} characters; the limit is {max_chars}")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(ApiError::BadRequest(format!("{name} contains a control character: remove it")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_quoted_unless_it_may_be_a_secret() {
        for text in ["lookup.done", "", "yesterday", "a.rather.long.name.of.an.event"] {
            assert_eq!(quotable(text), text);
        }
        let digits = "0".repeat(64);
        for text in ["whsec_00", "enc_live_00", " enc_live_00", "abcdefghijklmnopqrstuvwxyz012345", &*digits]
        {
            assert_eq!(quotable(text), "…", "{text}");
        }
    }

    #[test]
    fn an_error_quotes_no_text() {
        #[derive(Debug, Deserialize)]
        struct Input {
            #[expect(dead_code, reason = "it is never there")]
            limit: u32,
        }
        for body in [r#"{"limit": "enc_live_0\", expected x"}"#, r#""enc_live_0""#, r#"["enc_live_0"]"#] {
            let Err(ApiError::BadRequest(text)) = parse::<Object<Input>>(body.as_bytes()).map(|_| ()) else {
                panic!("{body} was taken");
            };
            assert!(!text.contains("enc_live_") && text.contains("expected"), "{text}");
        }
        let Err(ApiError::BadRequest(text)) = parse::<Object<Input>>(br#"{"limit": "x"}"#).map(|_| ()) else {
            panic!("it was taken");
        };
        assert_eq!(
            text,
            "the JSON body does not fit: invalid type: a text, expected u32 at line 1 column 13"
        );
    }
}
