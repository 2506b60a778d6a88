//! What a receiver is told to answer.

use tokio::sync::watch;

/// One answer of a receiver.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) how: How,
    pub(crate) gate: Option<Gate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    Whole,
    /// A byte now and then, without end.
    Drip,
    /// As fast as it is taken, without end.
    Endless,
    /// Nothing, on an open connection.
    Never,
    /// The connection ends instead of an answer.
    Close,
    /// The connection is reset instead of an answer.
    Reset,
    /// The receiver has said all it will say, which is nothing, and goes on listening.
    HalfClose,
    /// These bytes instead of an answer, and the end of the connection.
    Raw,
}

impl Reply {
    /// An empty answer of this status.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), how: How::Whole, gate: None }
    }

    /// 200.
    pub fn ok() -> Self {
        Self::status(200)
    }

    /// No answer at all; the connection stays open.
    pub fn never() -> Self {
        Self { how: How::Never, ..Self::ok() }
    }

    /// 200, and a body that drips for ever.
    pub fn drip() -> Self {
        Self { how: How::Drip, ..Self::ok() }
    }

    /// 200, and a body that floods for ever.
    pub fn endless() -> Self {
        Self { how: How::Endless, ..Self::ok() }
    }

    /// The connection is closed instead of an answer.
    pub fn close() -> Self {
        Self { how: How::Close, ..Self::ok() }
    }

    /// The connection is reset instead of an answer.
    pub fn reset() -> Self {
        Self { how: How::Reset, ..Self::ok() }
    }

    /// The receiver's side of the connection is closed instead of an answer, the other stays open.
    pub fn half_close() -> Self {
        Self { how: How::HalfClose, ..Self::ok() }
    }

    /// These bytes instead of an answer.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { how: How::Raw, body: bytes.into(), ..Self::ok() }
    }

    /// With a body.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Not before the gate is open.
    #[must_use]
    pub fn after(self, gate: &Gate) -> Self {
        Self { gate: Some(gate.clone()), ..self }
    }
}

/// Holds answers back until a test lets them go.
#[derive(Debug, Clone)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets everything pass, now and later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn passed(&self) {
        // The sender lives in `self`.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}
