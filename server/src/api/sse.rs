//! Server-sent events: who may listen, and telling them.

use std::convert::Infallible;
use std::pin::pin;
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
use super::places::{Full, Place};
use super::{ApiError, App};
use crate::model::api_key::ApiKey;

/// How often a listener's key or session is looked at again.
const RECHECK: Duration = Duration::from_secs(5);
/// After how long a silent stream says that it goes on.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A place among those who listen.
pub(super) fn enter(app: &App, key: &ApiKey) -> Result<Place, ApiError> {
    app.streams.enter((key.workspace_id, key.id)).map_err(|full| match full {
        Full::Node => ApiError::Unavailable("too many listen to this node: try again later".into()),
        Full::Holder => ApiError::RateLimited { retry_after_s: 1 },
    })
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
