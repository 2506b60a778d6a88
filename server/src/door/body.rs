//! A request's body, which may not take for ever, and an answer's, which says when it is over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;

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

/// An answer's body, with what is dropped when it is over.
pub(super) struct Answer<T> {
    pub(super) body: axum::body::Body,
    pub(super) _until_over: T,
}

impl<T: Unpin> Body for Answer<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
