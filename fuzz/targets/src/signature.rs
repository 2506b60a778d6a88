//! `x-encrata-signature` and the drop-in. The input is a secret, a header value and a body, each of the first two on
//! a line of its own.

use encrata_webhooks::{Error, Key, Signature, Webhook, verify_signature};

use crate::{diagnosed, flipped, line};

/// Only the very signature is accepted, for every secret that can be one.
pub fn check(input: &[u8]) {
    let (secret, rest) = line(input);
    let (header, body) = line(rest);
    match Signature::from_header(header) {
        Ok(signature) => assert_eq!(&signature.to_hex()[..], header, "read and written, it is another"),
        Err(error) => assert_eq!(error, Error::MalformedSignature),
    }
    let (Ok(secret), Ok(header)) = (str::from_utf8(secret), str::from_utf8(header)) else { return };
    diagnosed(header, body, secret);
    let Ok(key) = Key::new(secret) else {
        assert!(Webhook::new(secret).is_err(), "a receiver takes a secret that no key is made of");
        let forged = Key::from_bytes(secret.as_bytes()).sign(body).to_string();
        assert!(!verify_signature(body, secret, &forged), "a secret that is none verifies");
        return;
    };
    let genuine = key.sign(body).to_string();
    assert!(verify_signature(body, secret, &genuine), "what is signed does not verify");
    assert_eq!(verify_signature(body, secret, header), header == genuine);
    assert_eq!(Webhook::new(secret).unwrap().authenticate(header, body, 0).is_ok(), header == genuine);
    if let Some(other) = flipped(body, input) {
        assert!(!verify_signature(&other, secret, &genuine), "a turned bit of the body is not seen");
    }
    let other = flipped(genuine.as_bytes(), input).unwrap();
    let accepted = str::from_utf8(&other).is_ok_and(|other| verify_signature(body, secret, other));
    assert!(!accepted, "a turned bit of the signature is not seen");
}
