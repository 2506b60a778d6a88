//! What is asked: one file per resource, each with its router. No SQL here.

mod access;
mod auth;
mod deliveries;
mod error;
mod events;
mod health;
mod json;
mod keys;
mod me;
mod rate_limit;
mod rotate;
mod state;
mod test_send;
pub mod usage;
mod webhooks;

use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

pub use self::error::ApiError;
pub use self::keys::{created_event, key_event};
pub use self::rate_limit::RateLimit;
pub use self::state::App;

/// How large the body of a management request may be.
const MAX_MANAGEMENT_BYTES: usize = 64 * 1024;

/// The prefixes under which published clients look for the same routes.
const PREFIXES: [&str; 3] = ["/api", "/api/agent", "/api/cli"];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Encrata Webhooks",
        description = "Register webhooks, publish events, see what was delivered.\n\nThe same routes are served \
                       under `/api`, `/api/agent` and `/api/cli`; errors under `/api/agent` also carry the status \
                       as `c` and the text as `m`."
    ),
    tags(
        (name = "webhooks", description = "Where events are delivered"),
        (name = "deliveries", description = "What was delivered, and what was not"),
        (name = "events", description = "Publishing, for the operator's own services"),
        (name = "keys", description = "API keys"),
        (name = "server", description = "The server and the caller")
    )
)]
struct Description;

/// The description that the API is tested against, and the routes that it describes.
fn described(app: &App) -> (utoipa::openapi::OpenApi, Router<App>) {
    // What was added last comes first: the count is made, and told, also when access is refused.
    let webhooks = OpenApiRouter::new()
        .merge(webhooks::router())
        .merge(rotate::router())
        .merge(test_send::router())
        .merge(deliveries::router())
        .route_layer(from_fn(access::management))
        .route_layer(from_fn_with_state(app.clone(), rate_limit::enforce));
    let account = OpenApiRouter::new()
        .merge(keys::router())
        .merge(me::router())
        .route_layer(from_fn(access::management));
    let management = webhooks.merge(account).layer(DefaultBodyLimit::max(MAX_MANAGEMENT_BYTES));
    let publishing = events::router().route_layer(from_fn(access::publishing));
    let authenticated =
        management.merge(publishing).route_layer(from_fn_with_state(app.clone(), auth::authenticate));
    let routes = authenticated.merge(health::router());
    let described = OpenApiRouter::with_openapi(Description::openapi()).nest(PREFIXES[0], routes.clone());
    let mut description = described.into_openapi();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("enc_live_…").build();
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    (description, Router::from(routes))
}

/// The OpenAPI description.
pub fn description(app: &App) -> utoipa::openapi::OpenApi {
    described(app).0
}

/// The whole API.
pub fn router(app: App) -> Router {
    let (description, routes) = described(&app);
    // It never changes while the server runs.
    let description = serde_json::to_vec(&description).unwrap_or_default();
    let serve = move || async move { ([("content-type", "application/json")], description) };
    let routes = routes.route("/openapi.json", axum::routing::get(serve));
    let mut router = Router::new();
    for prefix in PREFIXES {
        router = router.nest(prefix, routes.clone());
    }
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(|_| ApiError::Internal.into_response()))
        .layer(from_fn(error::agent_shape))
        .layer(error::logged())
        .with_state(app)
}

async fn unknown_path(OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::NotFound(format!("there is nothing at {}", uri.path()))
}

async fn method_not_allowed(method: axum::http::Method, OriginalUri(uri): OriginalUri) -> ApiError {
    let message = format!("{method} is not a method of {}: see the Allow header", uri.path());
    ApiError::Status(StatusCode::METHOD_NOT_ALLOWED, message)
}
