//! Verifies deliveries with the Standard Webhooks library of crates.io: a JSON object per line in, a verdict per
//! line out.

use std::collections::HashMap;
use std::error::Error;
use std::io::BufRead as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde::Deserialize;
use standardwebhooks::{Webhook, WebhookError};

#[derive(Deserialize)]
struct Question {
    body_base64: String,
    headers: HashMap<String, String>,
    secret: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        println!("{}", verdict(&serde_json::from_str(&line?)?)?);
    }
    Ok(())
}

fn verdict(question: &Question) -> Result<&'static str, Box<dyn Error>> {
    let body = STANDARD.decode(&question.body_base64)?;
    let headers = HeaderMap::try_from(&question.headers)?;
    match Webhook::new(&question.secret)?.verify(&body, &headers) {
        Ok(()) => Ok("accepted"),
        Err(WebhookError::InvalidSignature) => Ok("refused"),
        // Any other refusal is about the headers or the time, and would hide what is asked here.
        Err(error) => Err(error.into()),
    }
}
