//! Why a signature does not match: the core's diagnosis for JavaScript, in a module of its own, because it brings
//! a JSON parser.

use std::time::Duration;

use encrata_webhooks::diagnose::diagnose as diagnose_delivery;
use serde::Serialize;
use serde_wasm_bindgen::{Serializer, from_value};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The core's `diagnose`: `headers` are pairs of name and value, `now` is Unix seconds, both numbers are absent where
/// time is not to be looked at. Returns `{cause, proven, message, fix}`.
///
/// # Errors
///
/// When `headers` are not pairs of texts.
#[wasm_bindgen]
pub fn diagnose(
    headers: JsValue,
    body: &[u8],
    secret: &str,
    now_unix_seconds: Option<f64>,
    tolerance_seconds: Option<f64>,
) -> Result<JsValue, JsValue> {
    let headers: Vec<(String, String)> = from_value(headers)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let time = now_unix_seconds
        .zip(tolerance_seconds)
        .map(|(now, tolerance)| (now as i64, Duration::from_secs(tolerance as u64)));
    let diagnosis = diagnose_delivery(&headers, body, secret, time);
    Ok(diagnosis.serialize(&Serializer::json_compatible())?)
}
