//! How deliveries went: counts over time, and each webhook at a glance.

use std::collections::HashMap;

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::deliveries::time;
use super::error::{ErrorBody, Errors};
use super::json::Params;
use super::webhooks::find;
use super::{ApiError, App};
use crate::clock::{now_ms, rfc3339_ms};
use crate::model::api_key::ApiKey;
use crate::model::ids::WebhookId;
use crate::model::stats::Tally;
use crate::store::Step;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How many buckets an answer has at most: a day of minutes, and some.
const MAX_BUCKETS: i64 = 1500;
/// How far back minutes are known.
const MINUTES_MS: i64 = 2 * DAY_MS;
/// How many hours the overview covers.
const OVERVIEW_HOURS: usize = 24;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stats)).routes(routes!(overview))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct StatsParams {
    /// Only this webhook; all of the workspace when absent.
    webhook_id: Option<String>,
    /// From the step that holds this time (RFC 3339) on; an hour, a day or thirty days before `until` when absent.
    since: Option<String>,
    /// Up to the step that holds this time; now when absent.
    until: Option<String>,
    /// `minute` (of the last two days), `hour` or `day` (in UTC); `hour` when absent.
    step: Option<String>,
}

/// Counts over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "Stats")]
struct StatsView {
    /// How long a bucket lasts, in seconds.
    step_seconds: i64,
    /// Where the first bucket begins.
    #[schema(format = DateTime)]
    since: String,
    /// Where the last one ends.
    #[schema(format = DateTime)]
    until: String,
    /// All buckets of the time, also those in which nothing happened, oldest first.
    buckets: Vec<Bucket>,
}

/// Counts of one step. An attempt counts when it ends.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Bucket {
    /// When it begins.
    #[schema(format = DateTime)]
    start: String,
    /// Attempts that the receiver answered with 2xx.
    delivered: i64,
    /// Attempts that ended their delivery as failed.
    failed: i64,
    /// Attempts that failed, and that another follows.
    retried: i64,
    /// Half of the receivers' answers, whatever they said, came within so many milliseconds; null when none came. Read
    /// from sixteen classes: off by a factor of 1.8, or 2 ms, at most.
    p50_ms: Option<i64>,
    /// And 95 of 100 within so many.
    p95_ms: Option<i64>,
}

/// Count attempts over time
///
/// What came of attempts, by the minute, hour or day, with how long receivers took to answer. Test sends do not count.
/// Other nodes' counts are up to five seconds old; a node that crashes loses so much.
#[utoipa::path(
    get, path = "/webhooks/stats", operation_id = "stats", tag = "stats",
    security(("key" = []), ("session" = [])), params(StatsParams),
    responses(
        (status = 200, description = "The counts", body = StatsView),
        (status = 404, description = "No such webhook in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn stats(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Params(params): Params<StatsParams>,
) -> Result<Json<StatsView>, ApiError> {
    let range = Range::read(&params, now_ms())?;
    let webhook_id = match &params.webhook_id {
        None => None,
        named => Some(find(&app, &key, named.as_deref()).await?.id),
    };
    let kept = if range.step_ms == MINUTE_MS { Step::Minute } else { Step::Hour };
    let times = (range.since_ms, range.until_ms);
    let mut counted = app.store.stats(key.workspace_id, webhook_id, kept, times).await?;
    // After what is written was read: what is written in between is missing for this once, and never there twice.
    let pending = app.stats.pending(key.workspace_id);
    let own = pending.into_iter().filter(|((_, webhook, _), _)| webhook_id.is_none_or(|id| id == *webhook));
    counted.extend(own.map(|((_, _, minute_ms), tally)| (minute_ms, tally)));
    Ok(Json(range.view(&counted)))
}

/// Whole steps, from one time on and before another.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    step_ms: i64,
    since_ms: i64,
    until_ms: i64,
}

impl Range {
    fn read(params: &StatsParams, now_ms: i64) -> Result<Self, ApiError> {
        let bad = |text: String| ApiError::BadRequest(text);
        let (step_ms, usual_ms) = match params.step.as_deref().unwrap_or("hour") {
            "minute" => (MINUTE_MS, HOUR_MS),
            "hour" => (HOUR_MS, DAY_MS),
            "day" => (DAY_MS, 30 * DAY_MS),
            _ => return Err(bad("step must be minute, hour or day".into())),
        };
        let step_of = |ms: i64| ms.div_euclid(step_ms).saturating_mul(step_ms);
        let until_ms = time(params.until.as_deref(), "until")?.unwrap_or(now_ms);
        let since_ms = time(params.since.as_deref(), "since")?;
        let until_ms = step_of(until_ms.saturating_sub(1)).saturating_add(step_ms);
        let since_ms = since_ms.map_or(until_ms.saturating_sub(usual_ms), step_of);
        let steps = until_ms.saturating_sub(since_ms) / step_ms;
        if steps < 1 {
            return Err(bad("since must lie before until".into()));
        }
        if steps > MAX_BUCKETS {
            let why = format!(
                "that is {steps} buckets, and an answer has {MAX_BUCKETS} at most: take a longer step"
            );
            return Err(bad(why));
        }
        if step_ms == MINUTE_MS && since_ms < step_of(now_ms - MINUTES_MS) {
            return Err(bad("minutes are kept for two days: ask for hours".into()));
        }
        Ok(Self { step_ms, since_ms, until_ms })
    }

    fn view(&self, counted: &[(i64, Tally)]) -> StatsView {
        let mut buckets: Vec<Tally> = Vec::new();
        let steps = (self.until_ms - self.since_ms) / self.step_ms;
        buckets.resize_with(usize::try_from(steps).unwrap_or_default(), Tally::default);
        for (at_ms, tally) in counted {
            let n = (at_ms - self.since_ms).div_euclid(self.step_ms);
            if let Some(bucket) = usize::try_from(n).ok().and_then(|n| buckets.get_mut(n)) {
                bucket.add(tally);
            }
        }
        let starts = (0..).map(|n| rfc3339_ms(self.since_ms + n * self.step_ms));
        let bucket = |(tally, start): (Tally, String)| Bucket {
            start,
            delivered: tally.delivered,
            failed: tally.failed,
            retried: tally.retried,
            p50_ms: tally.percentile(50),
            p95_ms: tally.percentile(95),
        };
        StatsView {
            step_seconds: self.step_ms / 1000,
            since: rfc3339_ms(self.since_ms),
            until: rfc3339_ms(self.until_ms),
            buckets: buckets.into_iter().zip(starts).map(bucket).collect(),
        }
    }
}

/// A webhook at a glance.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "Overview")]
struct Glance {
    /// Which webhook.
    #[schema(format = Uuid)]
    webhook_id: String,
    /// Attempts that it answered with 2xx, of the current hour and the 23 before it.
    delivered_24h: i64,
    /// Attempts of that time that ended their delivery as failed.
    failed_24h: i64,
    /// Attempts of that time that failed, and that another follows.
    retried_24h: i64,
    /// Which part of all these attempts was delivered, from 0 to 1; null when there was none.
    success_rate: Option<f64>,
    /// When the last attempt ended; null when none is known.
    #[schema(format = DateTime)]
    last_delivery_at: Option<String>,
    /// What became of its delivery by that attempt: `success`, `failed`, or `pending` when another follows.
    last_status: Option<&'static str>,
    /// Those hours, oldest first: 24.
    hourly: Vec<Hour>,
    /// How many deliveries wait to be sent, up to 1,000: then there may be more.
    waiting: i64,
}

/// What came of an hour.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
struct Hour {
    /// Attempts that were answered 2xx.
    delivered: i64,
    /// Attempts that failed, whatever followed.
    failed: i64,
}

/// See all webhooks at a glance
///
/// How the last 24 hours went at each webhook of the workspace, oldest webhook first. Counts are as old as those of
/// stats.
#[utoipa::path(
    get, path = "/webhooks/overview", operation_id = "overview", tag = "stats",
    security(("key" = []), ("session" = [])),
    responses((status = 200, description = "A glance at each", body = Vec<Glance>), Errors)
)]
async fn overview(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
) -> Result<Json<Vec<Glance>>, ApiError> {
    let this_hour_ms = now_ms().div_euclid(HOUR_MS) * HOUR_MS;
    let hours = i64::try_from(OVERVIEW_HOURS).unwrap_or_default();
    let since_ms = this_hour_ms - (hours - 1) * HOUR_MS;
    let written = app.store.hours(key.workspace_id, since_ms).await?;
    let standings = app.store.standings(key.workspace_id).await?;
    let pending = app.stats.pending(key.workspace_id);
    let mut hours: HashMap<WebhookId, Vec<Tally>> = HashMap::new();
    let pending = pending.into_iter().map(|((_, webhook_id, at_ms), tally)| (webhook_id, at_ms, tally));
    for (webhook_id, at_ms, tally) in written.into_iter().chain(pending) {
        let of = hours.entry(webhook_id).or_insert_with(|| vec![Tally::default(); OVERVIEW_HOURS]);
        let n = usize::try_from((at_ms - since_ms).div_euclid(HOUR_MS));
        if let Some(hour) = n.ok().and_then(|n| of.get_mut(n)) {
            hour.add(&tally);
        }
    }
    let glance = |mut standing: crate::store::Standing| {
        let of = hours.remove(&standing.webhook_id);
        let of = of.unwrap_or_else(|| vec![Tally::default(); OVERVIEW_HOURS]);
        let mut all = Tally { last: standing.last.take(), ..Tally::default() };
        of.iter().for_each(|hour| all.add(hour));
        Glance::new(&standing, &of, &all)
    };
    Ok(Json(standings.into_iter().map(glance).collect()))
}

impl Glance {
    fn new(standing: &crate::store::Standing, hours: &[Tally], all: &Tally) -> Self {
        let attempts = all.delivered + all.failed + all.retried;
        Self {
            webhook_id: standing.webhook_id.to_string(),
            delivered_24h: all.delivered,
            failed_24h: all.failed,
            retried_24h: all.retried,
            success_rate: (attempts > 0).then(|| all.delivered as f64 / attempts as f64),
            last_delivery_at: all.last.map(|(ms, _)| rfc3339_ms(ms)),
            last_status: all.last.map(|(_, status)| status.as_str()),
            hourly: hours
                .iter()
                .map(|hour| Hour { delivered: hour.delivered, failed: hour.failed + hour.retried })
                .collect(),
            waiting: standing.waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-01-15T08:00:30Z.
    const NOW: i64 = 1_800_000_030_000;

    fn read(step: Option<&str>, since: Option<&str>, until: Option<&str>) -> Result<Range, String> {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let params =
            StatsParams { webhook_id: None, since: text(since), until: text(until), step: text(step) };
        Range::read(&params, NOW).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_range_has_whole_steps() {
        let range = |step: &str, since, until| {
            let range = read(Some(step), since, until).unwrap();
            (rfc3339_ms(range.since_ms), rfc3339_ms(range.until_ms))
        };
        let is = |since: &str, until: &str| (since.to_owned(), until.to_owned());
        assert_eq!(range("minute", None, None), is("2027-01-15T07:01:00.000Z", "2027-01-15T08:01:00.000Z"));
        assert_eq!(range("hour", None, None), is("2027-01-14T09:00:00.000Z", "2027-01-15T09:00:00.000Z"));
        assert_eq!(range("day", None, None), is("2026-12-17T00:00:00.000Z", "2027-01-16T00:00:00.000Z"));
        let (since, until) = (Some("2027-01-01T00:30:00+01:00"), Some("2027-01-01T00:00:00Z"));
        assert_eq!(range("hour", since, until), is("2026-12-31T23:00:00.000Z", "2027-01-01T00:00:00.000Z"));
        assert_eq!(read(None, None, None), read(Some("hour"), None, None));
    }

    #[test]
    fn what_no_answer_can_hold_is_refused() {
        for (step, since, until, says) in [
            ("week", None, None, "minute, hour or day"),
            ("hour", Some("2027-01-15T08:00:00Z"), Some("2027-01-15T08:00:00Z"), "before until"),
            ("hour", Some("2026-11-01T00:00:00Z"), None, "1500 at most"),
            ("day", Some("0001-01-01T00:00:00Z"), Some("9999-01-01T00:00:00Z"), "1500 at most"),
            ("minute", Some("2027-01-13T07:59:00Z"), Some("2027-01-13T08:30:00Z"), "two days"),
            ("hour", Some("yesterday"), None, "RFC 3339"),
        ] {
            let error = read(Some(step), since, until).unwrap_err();
            assert!(error.contains(says), "{step}, {since:?}: {error}");
        }
        assert!(read(Some("minute"), Some("2027-01-13T08:00:00Z"), Some("2027-01-14T08:00:00Z")).is_ok());
    }

    #[test]
    fn counts_fall_into_their_buckets() {
        let tally = |delivered| Tally { delivered, ..Tally::default() };
        let range = Range { step_ms: DAY_MS, since_ms: 0, until_ms: 3 * DAY_MS };
        let counted = [
            (-1, tally(64)),
            (0, tally(1)),
            (HOUR_MS, tally(2)),
            (2 * DAY_MS, tally(4)),
            (3 * DAY_MS, tally(8)),
        ];
        let view = range.view(&counted);
        assert_eq!(view.step_seconds, 86_400);
        let delivered: Vec<i64> = view.buckets.iter().map(|bucket| bucket.delivered).collect();
        assert_eq!(delivered, [3, 0, 4]);
        assert_eq!(view.buckets[2].start, "1970-01-03T00:00:00.000Z");
    }
}
