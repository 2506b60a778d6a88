//! What is asked: one file per resource, each with its router. No SQL here.

mod access;
mod auth;
mod check;
mod cookie;
mod deliveries;
mod error;
mod events;
mod head;
mod health;
mod heard;
mod json;
mod keys;
mod known;
mod listen;
mod marks;
mod me;
pub(crate) mod metrics;
mod notices;
mod openapi;
mod page;
mod places;
mod rate_limit;
mod rotate;
mod same_origin;
mod sent;
mod session;
mod sse;
mod state;
mod stats;
mod stream;
mod test_send;
pub mod usage;
mod webhooks;
mod wrong_keys;

use axum::Router;
use axum::body::Bytes;
use axum::extract::OriginalUri;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

pub use self::error::ApiError;
pub use self::keys::{created_event, key_event};
pub use self::known::Known;
pub use self::places::Places;
pub use self::rate_limit::RateLimit;
pub use self::state::{App, Parts};
pub use self::wrong_keys::WrongKeys;

/// The prefixes under which published clients look for the same routes.
const PREFIXES: [&str; 3] = ["/api", "/api/agent", "/api/cli"];

/// The routes by what is asked of a caller, each with its description.
struct Groups {
    /// Management, counted per key and minute.
    webhooks: OpenApiRouter<App>,
    /// Management.
    account: OpenApiRouter<App>,
    /// For publishers.
    publishing: OpenApiRouter<App>,
    /// For everybody.
    open: OpenApiRouter<App>,
}

fn groups() -> Groups {
    Groups {
        webhooks: OpenApiRouter::new()
            .merge(webhooks::router())
            .merge(rotate::router())
            .merge(check::router())
            .merge(test_send::router())
            .merge(deliveries::router())
            .merge(stream::router())
            .merge(listen::router())
            .merge(stats::router())
            .merge(notices::router()),
        account: OpenApiRouter::new().merge(keys::router()).merge(me::router()),
        publishing: events::router(),
        open: health::router().merge(session::router()),
    }
}

/// The OpenAPI description.
///
/// # Errors
///
/// Never for the routes there are: a test makes it.
pub fn description() -> Result<serde_json::Value, serde_json::Error> {
    let Groups { webhooks, account, publishing, open } = groups();
    let routes = webhooks.merge(account).merge(publishing).merge(open);
    openapi::with_events(
        &OpenApiRouter::with_openapi(openapi::base()).nest(PREFIXES[0], routes).into_openapi(),
    )
}

/// The whole API.
///
/// # Errors
///
/// As [`description`].
pub fn router(app: App) -> Result<Router, serde_json::Error> {
    // It never changes while the server runs.
    let description = Bytes::from(serde_json::to_vec(&description()?)?);
    let describe = move || async move { ([("content-type", "application/json")], description) };
    let mut router = Router::new();
    for prefix in PREFIXES {
        let describe = Router::new().route("/openapi.json", axum::routing::get(describe.clone()));
        let routes = guarded(&app).merge(describe.method_not_allowed_fallback(method_not_allowed));
        router = router.nest(prefix, routes);
    }
    Ok(router
        .merge(page::router())
        .fallback(unknown_path)
        .layer(CatchPanicLayer::custom(|_| ApiError::Internal.into_response()))
        .layer(from_fn(head::limited))
        .layer(from_fn(error::agent_shape))
        .layer(from_fn(marks::typed))
        .layer(from_fn(metrics::counted))
        .layer(error::logged())
        .with_state(app))
}

/// The routes behind their checks.
fn guarded(app: &App) -> Router<App> {
    let Groups { webhooks, account, publishing, open } = groups();
    // What was added last comes first: the count is made, and told, also when access or the method is refused.
    let refusing =
        |routes: OpenApiRouter<App>| Router::from(routes).method_not_allowed_fallback(method_not_allowed);
    let webhooks = refusing(webhooks)
        .layer(from_fn(access::management))
        .layer(from_fn_with_state(app.clone(), rate_limit::enforce));
    let account = refusing(account)
        .layer(from_fn(access::management))
        .layer(from_fn_with_state(app.clone(), rate_limit::enforce_sessions));
    let publishing = refusing(publishing).layer(from_fn(access::publishing));
    let authenticated =
        webhooks.merge(account).merge(publishing).layer(from_fn_with_state(app.clone(), auth::authenticate));
    authenticated.merge(refusing(open))
}

async fn unknown_path(OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::NotFound(format!("there is nothing at {}", uri.path()))
}

async fn method_not_allowed(method: axum::http::Method, OriginalUri(uri): OriginalUri) -> ApiError {
    let message = format!("{method} is not a method of {}: see the Allow header", uri.path());
    ApiError::Status(StatusCode::METHOD_NOT_ALLOWED, message)
}
