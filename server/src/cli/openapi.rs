//! `encrata-webhooks openapi`.

use super::Failure;
use super::output::out;
use crate::api;

/// Prints the API's description.
pub(super) fn run() -> Result<(), Failure> {
    out!("{}", serde_json::to_string_pretty(&api::description()?)?)
}
