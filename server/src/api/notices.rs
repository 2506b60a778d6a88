//! Notices: webhooks that were switched off, or work again.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::Errors;
use super::{ApiError, App};
use crate::clock::rfc3339_ms;
use crate::model::api_key::ApiKey;
use crate::model::notice::Notice;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What happened to a webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "Notice")]
struct NoticeView {
    /// The notice's id: the `webhook-id` of what the operator is sent.
    #[schema(format = Uuid)]
    id: String,
    /// Which webhook.
    #[schema(format = Uuid)]
    webhook_id: String,
    /// Where its deliveries go now.
    url: String,
    /// `webhook.disabled`: the server switched it off; `webhook.recovered`: it is on again, and something succeeded.
    event: &'static str,
    /// Why; absent when there is no more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id.to_string(),
            webhook_id: notice.webhook_id.to_string(),
            url: notice.url.as_str().to_owned(),
            event: notice.kind.as_str(),
            reason: notice.reason,
            created_at: rfc3339_ms(notice.created_ms),
        }
    }
}

/// List notices
///
/// Which webhooks of the workspace the server switched off, and which of those work again: newest first, 50 at most, for as
/// long as history is kept.
#[utoipa::path(
    get, path = "/webhooks/notices", operation_id = "list_notices", tag = "webhooks",
    security(("key" = []), ("session" = [])),
    responses((status = 200, description = "The notices", body = [NoticeView]), Errors)
)]
async fn list(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
) -> Result<Json<Vec<NoticeView>>, ApiError> {
    let notices = app.store.notices(key.workspace_id).await?;
    Ok(Json(notices.into_iter().map(NoticeView::from).collect()))
}
