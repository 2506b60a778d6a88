//! Server-sent events: who may listen, and telling them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::auth::Credential;
use super::{ApiError, App};
use crate::model::ids::{KeyId, WorkspaceId};

/// How often a listener's key or session is looked at again.
const RECHECK: Duration = Duration::from_secs(5);
/// After how long a silent stream says that it goes on.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many streams a key has at most, a workspace with all its keys, and a node.
const PER_KEY: usize = 8;
const PER_WORKSPACE: usize = 64;
const PER_NODE: usize = 256;

/// Who listens, on this node: how many streams of which key.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<Listener, usize>>>);

/// Which key of which workspace.
type Listener = (WorkspaceId, KeyId);

/// A place among those who listen; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Place(Streams, Listener);

impl Streams {
    /// Takes a place, if there is one.
    pub(super) fn enter(&self, key: Listener) -> Result<Place, ApiError> {
        let mut streams = self.lock();
        if streams.values().sum::<usize>() >= PER_NODE {
            return Err(ApiError::Unavailable("too many listen to this node: try again later".into()));
        }
        let of_workspace = streams.iter().filter(|((workspace, _), _)| *workspace == key.0);
        let of_workspace: usize = of_workspace.map(|(_, streams)| streams).sum();
        let of_key = streams.get(&key).copied().unwrap_or_default();
        if of_key >= PER_KEY || of_workspace >= PER_WORKSPACE {
            return Err(ApiError::RateLimited { retry_after_s: 1 });
        }
        streams.insert(key, of_key + 1);
        Ok(Place(self.clone(), key))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Listener, usize>> {
        // Counting can't panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.0.lock();
        if let Some(of_key) = streams.get_mut(&self.1) {
            *of_key -= 1;
            if *of_key == 0 {
                streams.remove(&self.1);
            }
        }
    }
}

/// An event of a stream, as `EventSource` reads it (the HTML standard, section 9.2).
#[derive(utoipa::ToSchema)]
#[schema(title = "StreamEvent")]
#[expect(dead_code, reason = "it only describes")]
pub(super) struct StreamEvent {
    /// What it is.
    event: Option<String>,
    /// JSON.
    data: Option<String>,
    /// Where to go on after a break.
    id: Option<String>,
    /// How long to wait before asking again, in milliseconds.
    retry: Option<u64>,
}

/// Where a stream's events are written.
pub(super) struct Teller {
    sender: Sender<Bytes, Infallible>,
    /// When something was told, and when the credential was good.
    told: Instant,
    checked: Instant,
    credential: Credential,
}

impl Teller {
    /// Writes events, however long that takes, for as long as what opened the stream is good.
    pub(super) async fn tell(&mut self, app: &App, text: String) -> Result<(), ApiError> {
        self.told = Instant::now();
        let mut telling = pin!(self.sender.send_data(text.into()));
        let told = loop {
            tokio::select! {
                told = telling.as_mut() => break told,
                () = sleep(RECHECK) => check(&self.credential, app).await?,
            }
        };
        told.map_err(|_| ApiError::Unavailable("nobody reads any more".into()))
    }

    /// Shows now and then that the stream goes on, for as long as what opened it is good.
    pub(super) async fn go_on(&mut self, app: &App) -> Result<(), ApiError> {
        if self.checked.elapsed() >= RECHECK {
            check(&self.credential, app).await?;
            self.checked = Instant::now();
        }
        if self.told.elapsed() >= KEEP_ALIVE {
            self.tell(app, ": nothing new\n\n".into()).await?;
        }
        Ok(())
    }
}

async fn check(credential: &Credential, app: &App) -> Result<(), ApiError> {
    credential.key(app).await?.map(drop).ok_or(ApiError::Unauthorized)
}

/// Answers with a stream that `tell` writes, until it ends, nobody reads any more or the server stops.
pub(super) fn stream<F>(
    app: &App,
    place: Place,
    credential: Credential,
    tell: impl FnOnce(Teller) -> F,
) -> Response
where
    F: Future<Output = Result<(), ApiError>> + Send + 'static,
{
    let (sender, body) = Channel::<Bytes, Infallible>::new(1);
    // Dropped with the body: once nobody reads, nobody looks.
    let gone = CancellationToken::new();
    let guard = gone.clone().drop_guard();
    let body = Body::new(body.map_frame(move |frame| {
        let _ = &guard;
        frame
    }));
    let stopping = app.stopping.clone();
    let telling = tell(Teller { sender, told: Instant::now(), checked: Instant::now(), credential });
    tokio::spawn(async move {
        let _place = place;
        tokio::select! {
            () = gone.cancelled() => {}
            () = stopping.cancelled() => {}
            ended = telling => if let Err(error) = ended {
                tracing::debug!(?error, "a stream of deliveries ended");
            },
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy that gathers answers would keep it all to itself.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_few_and_free_again() {
        let streams = Streams::default();
        let workspace = WorkspaceId::new(1);
        let key = (workspace, KeyId::new(1));
        let mut places: Vec<Place> = (0..PER_KEY).map(|_| streams.enter(key).unwrap()).collect();
        assert!(matches!(streams.enter(key), Err(ApiError::RateLimited { .. })));
        places.pop();
        places.push(streams.enter(key).unwrap());
        let fill = |workspace: WorkspaceId, places: usize| -> Vec<Place> {
            (0..places).map(|_| streams.enter((workspace, KeyId::new(1))).unwrap()).collect()
        };
        // One workspace leaves room for others, however many keys it makes.
        places.extend(fill(workspace, PER_WORKSPACE - PER_KEY));
        assert!(matches!(streams.enter((workspace, KeyId::new(1))), Err(ApiError::RateLimited { .. })));
        for n in 1..PER_NODE / PER_WORKSPACE {
            places.extend(fill(WorkspaceId::new(1 + n as i64), PER_WORKSPACE));
        }
        let late = (WorkspaceId::new(9), KeyId::new(1));
        assert!(matches!(streams.enter(late), Err(ApiError::Unavailable(_))));
        drop(places);
        assert!(streams.lock().is_empty());
    }
}
