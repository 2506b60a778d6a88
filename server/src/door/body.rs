//! A request's body, which may not take for ever, and an answer's, which says when it is over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;
use super::owed::{Lies, Owed, Piece};

/// A request's body, with an end to patience. It costs a timer only while it is waited for.
pub(super) struct Timed {
    body: Incoming,
    pause: Duration,
    whole: Duration,
    ends: Option<Instant>,
    waiting: Option<Pin<Box<Sleep>>>,
}

/// A body came too slowly.
#[derive(Debug, thiserror::Error)]
#[error("nothing more of it came in time")]
struct TooSlow;

impl Timed {
    pub(super) fn new(body: Incoming, limits: &Limits) -> Self {
        Self { body, pause: limits.body_pause, whole: limits.body, ends: None, waiting: None }
    }
}

impl Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        let (pause, whole) = (self.pause, self.whole);
        let ends = *self.ends.get_or_insert_with(|| Instant::now() + whole);
        let waiting = self.waiting.get_or_insert_with(|| {
            let patience = Instant::now() + pause;
            Box::pin(sleep_until(patience.min(ends)))
        });
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How much of an answer is handed on at once, so that who reads slowly is told from who does not.
const PIECE_BYTES: usize = 16 * 1024;

/// An answer's body, with what is dropped when it is over. From its beginning on it lies ready for the peer, until it is asked
/// for more than there is.
pub(super) struct Answer<T> {
    body: axum::body::Body,
    /// What was had of it, and not handed on.
    rest: Bytes,
    owed: Arc<Owed>,
    lies: Option<Lies>,
    _until_over: T,
}

impl<T> Answer<T> {
    pub(super) fn new(body: axum::body::Body, owed: Arc<Owed>, until_over: T) -> Self {
        let lies = Some(owed.lay());
        Self { body, rest: Bytes::new(), owed, lies, _until_over: until_over }
    }
}

impl<T: Unpin> Body for Answer<T> {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        let this = &mut *self;
        this.lies = None;
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => this.rest = bytes,
                    // No data: then it never becomes a piece.
                    Err(frame) => {
                        return Poll::Ready(Some(Ok(frame.map_data(|bytes| this.owed.piece(bytes)))));
                    }
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let bytes = this.rest.split_to(this.rest.len().min(PIECE_BYTES));
        let piece = this.owed.piece(bytes);
        if !this.is_end_stream() {
            this.lies = Some(this.owed.lay());
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
