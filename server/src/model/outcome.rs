//! What came of one attempt.

use std::fmt;

/// How much of a response body is kept.
pub const MAX_RESPONSE_BYTES: usize = 4096;

/// What came of one attempt: an answer, or the reason why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered, with whatever status.
    Answered {
        /// The HTTP status code.
        status: u16,
        /// The beginning of the body, at most [`MAX_RESPONSE_BYTES`].
        body: Vec<u8>,
        /// `Retry-After`, in seconds from the answer.
        retry_after_s: Option<u64>,
    },
    /// No answer came.
    Unanswered(Failure),
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The whole exchange did not end within the time allowed.
    Timeout {
        /// The time allowed, in milliseconds.
        after_ms: u64,
    },
    /// The address in the URL is not one that deliveries may go to.
    Blocked(String),
    /// The host name leads to addresses, and deliveries may go to none of them.
    BlockedName,
    /// The host name has no address.
    Resolve,
    /// Whether the host name has an address was not known in time.
    LateLookup,
    /// No connection could be made.
    Connect(String),
    /// The operator's proxy gave no connection.
    Proxy,
    /// The certificate was refused, or the handshake failed.
    Tls(String),
    /// The connection broke, or what came was not HTTP.
    Exchange(String),
    /// The signing secret could not be read.
    Secret(String),
}

impl Outcome {
    /// Whether the receiver took the event: any 2xx.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Answered { status, .. } if (200..300).contains(status))
    }

    /// Why it failed, in words; none on success.
    pub fn error(&self) -> Option<String> {
        match self {
            _ if self.is_success() => None,
            Self::Answered { status, .. } if (300..400).contains(status) => Some(format!(
                "the receiver answered {status}, a redirect: redirects are not followed, so register the final URL"
            )),
            Self::Answered { status, .. } => Some(format!("the receiver answered {status}, not 2xx")),
            Self::Unanswered(failure) => Some(failure.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { after_ms } => {
                write!(f, "no complete answer within {after_ms} ms: answer 2xx first and work afterwards")
            }
            Self::Blocked(what) => write!(f, "not sent: {what}"),
            // Who may ask for any name must not learn from it which names there are inside, nor where they lead.
            Self::BlockedName | Self::Resolve => {
                f.write_str("not sent: no public address was found for the host name")
            }
            Self::LateLookup => f.write_str("not sent: the host name was not looked up in time"),
            Self::Proxy => f.write_str("no connection through the operator's proxy"),
            Self::Connect(what) => write!(f, "no connection: {what}"),
            Self::Tls(what) => write!(f, "TLS failed: {what}"),
            Self::Exchange(what) => write!(f, "the connection broke before an answer came: {what}"),
            Self::Secret(what) => write!(f, "not sent: the signing secret could not be read: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_inside_reads_as_one_that_is_unknown() {
        assert_eq!(Failure::BlockedName.to_string(), Failure::Resolve.to_string());
    }

    #[test]
    fn only_2xx_is_success() {
        let answered = |status| Outcome::Answered { status, body: Vec::new(), retry_after_s: None };
        for status in [200, 202, 204, 299] {
            assert!(answered(status).is_success() && answered(status).error().is_none());
        }
        for status in [101, 199, 300, 301, 404, 410, 429, 500, 503] {
            assert!(!answered(status).is_success() && answered(status).error().is_some(), "{status}");
        }
        assert!(answered(307).error().unwrap().contains("redirect"));
    }
}
