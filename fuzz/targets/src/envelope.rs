//! The body of a delivery.

use encrata_webhooks::{Envelope, Error, EventData, EventKind};

/// What can be read is written as the same, and read again as the same.
pub fn check(input: &[u8]) {
    let envelope = match Envelope::parse(input) {
        Ok(envelope) => envelope,
        Err(error) => return assert_eq!(error, Error::InvalidPayload),
    };
    let Envelope { event, data, created_at, .. } = envelope;
    let read = EventData::read(event.clone(), data.clone());
    assert_eq!(read.name(), event, "the event is another by its data");
    assert_eq!(read.to_data(), data, "reading the data lost some of it");
    if let Ok(kind) = event.parse::<EventKind>() {
        let known = EventData::check(kind, &data).is_ok();
        assert_eq!(read.kind(), known.then_some(kind));
        assert_eq!(EventData::parse(kind, data.clone()).is_ok(), known);
    }
    let created_at = if Envelope::to_bytes("e", &data, &created_at).is_ok() {
        &created_at
    } else {
        "2026-01-01T00:00:00Z"
    };
    let Ok(body) = Envelope::to_bytes(&event, &data, created_at) else {
        return assert!(event.is_empty(), "an event that was read can't be written");
    };
    let again = Envelope::parse(&body).unwrap();
    assert_eq!((&again.event, &again.data, again.created_at.as_str()), (&event, &data, created_at));
    assert!(again.extra.is_empty());
    assert_eq!(Envelope::to_bytes(&again.event, &again.data, created_at).unwrap(), body);
}
