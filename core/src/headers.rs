//! The headers of a delivery: their names, and how they are looked up, whatever holds them.

/// The plain signature: 64 lower-case hexadecimal digits, exactly one value.
pub const ENCRATA_SIGNATURE: &str = "x-encrata-signature";
/// The event's name. Not covered by a signature: the body says it too.
pub const ENCRATA_EVENT: &str = "x-encrata-event";
/// The delivery's id. Not covered by a signature.
pub const ENCRATA_DELIVERY: &str = "x-encrata-delivery";
/// The event's id in the Standard Webhooks scheme, the same at every attempt.
pub const WEBHOOK_ID: &str = "webhook-id";
/// The attempt's time in the Standard Webhooks scheme, in Unix seconds.
pub const WEBHOOK_TIMESTAMP: &str = "webhook-timestamp";
/// The signatures of the Standard Webhooks scheme, `v1,<base64>`, separated by spaces.
pub const WEBHOOK_SIGNATURE: &str = "webhook-signature";

/// Something that holds a request's headers.
///
/// Implemented for slices, arrays and vectors of pairs (name and value each as text or bytes), for maps of them, for
/// `http::HeaderMap` (feature `http`), for `SignedHeaders`, and for a bare text, which stands
/// for the value of `x-encrata-signature` and nothing else.
///
/// ```
/// use encrata_webhooks::Headers;
///
/// let headers = [("Webhook-Id", "evt_1"), ("X-Encrata-Signature", "3fb1")];
/// let mut found = Vec::new();
/// headers.for_each_value("webhook-id", &mut |value| found.push(value.to_vec()));
/// assert_eq!(found, [b"evt_1"]);
/// ```
pub trait Headers {
    /// Calls `each` with every value of the header `name`, in order, as it came. `name` is given in lower case and
    /// matches in any case (RFC 9110, section 5.1).
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8]));
}

impl<T: Headers + ?Sized> Headers for &T {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        (**self).for_each_value(name, each);
    }
}

impl Headers for str {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        if name == ENCRATA_SIGNATURE {
            each(self.as_bytes());
        }
    }
}

fn visit<N: AsRef<[u8]>, V: AsRef<[u8]>>(
    pairs: impl IntoIterator<Item = (N, V)>,
    name: &str,
    each: &mut dyn FnMut(&[u8]),
) {
    for (candidate, value) in pairs {
        if candidate.as_ref().eq_ignore_ascii_case(name.as_bytes()) {
            each(value.as_ref());
        }
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        visit(self.iter().map(|(name, value)| (name, value)), name, each);
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const LENGTH: usize> Headers for [(N, V); LENGTH] {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.as_slice().for_each_value(name, each);
    }
}

#[cfg(feature = "alloc")]
impl Headers for alloc::string::String {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.as_str().for_each_value(name, each);
    }
}

#[cfg(feature = "alloc")]
impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for alloc::vec::Vec<(N, V)> {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.as_slice().for_each_value(name, each);
    }
}

#[cfg(feature = "alloc")]
impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for alloc::collections::BTreeMap<N, V> {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        visit(self, name, each);
    }
}

#[cfg(feature = "std")]
impl<N: AsRef<[u8]>, V: AsRef<[u8]>, S> Headers for std::collections::HashMap<N, V, S> {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        visit(self, name, each);
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn for_each_value(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for value in self.get_all(name) {
            each(value.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::Headers;

    fn values<H: Headers + ?Sized>(headers: &H, name: &str) -> Vec<Vec<u8>> {
        let mut values = Vec::new();
        headers.for_each_value(name, &mut |value| values.push(value.to_vec()));
        values
    }

    #[test]
    fn names_match_in_any_case_and_all_values_come_in_order() {
        let pairs = [("A", "1"), ("b", "2"), ("a", "3")];
        assert_eq!(values(&pairs, "a"), [b"1", b"3"]);
        assert_eq!(values(&pairs[..1], "a"), [b"1"]);
        assert_eq!(values(&&pairs, "b"), [b"2"]);
        assert!(values(&pairs, "c").is_empty());
        let bytes: [(&[u8], &[u8]); 1] = [(b"A", b"\xff")];
        assert_eq!(values(&bytes, "a"), [b"\xff"]);
    }

    #[test]
    fn a_bare_text_is_the_plain_signature() {
        assert_eq!(values("abc", "x-encrata-signature"), [b"abc"]);
        assert!(values("abc", "webhook-signature").is_empty());
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn owned_headers() {
        use std::string::{String, ToString};

        let pair = ("X".to_string(), "1".to_string());
        assert_eq!(values(&std::vec![pair.clone()], "x"), [b"1"]);
        assert_eq!(values(&std::collections::BTreeMap::from([pair.clone()]), "x"), [b"1"]);
        #[cfg(feature = "std")]
        assert_eq!(values(&std::collections::HashMap::from([pair]), "x"), [b"1"]);
        assert_eq!(values(&String::from("abc"), "x-encrata-signature"), [b"abc"]);
    }

    #[cfg(feature = "http")]
    #[test]
    fn http_headers() {
        let mut map = http::HeaderMap::new();
        map.append("webhook-id", http::HeaderValue::from_static("1"));
        map.append("Webhook-Id", http::HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(values(&map, "webhook-id"), [&b"1"[..], b"\xff"]);
    }
}
