//! Traces, sent to an OpenTelemetry collector when the operator names one. Else every function here does nothing.
//!
//! Spans are made by hand, not of the log's: where one belongs is known from a row, not from who called, and what nobody
//! collects is to cost nothing. Four things have one: a publish request, a group that is recorded, a claim, an attempt.
//! An attempt belongs to the trace of its event's publish request, which is the caller's, when it names one.

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, trace};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use url::Url;

use crate::config::shown;
use crate::metrics::reason;
use crate::model::delivery::Claim;
use crate::model::event::NewBatch;
use crate::model::outcome::Outcome;

/// How long the last spans may take to be sent when the server stops.
const LAST: Duration = Duration::from_millis(800);
/// How many requests a recorded group is linked to.
const MAX_LINKS: usize = 64;

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Sends spans until it is stopped.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

/// Starts tracing, once per process. The variables of the OpenTelemetry specification have their say: `OTEL_SERVICE_NAME`,
/// `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS` and others.
///
/// # Errors
///
/// A sentence, when nothing can be sent to `endpoint`.
pub fn start(endpoint: &Url) -> Result<Traces, String> {
    let failed = |why: &dyn std::fmt::Display| format!("cannot send traces to {}: {why}", shown(endpoint));
    let url = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(url).build();
    let exporter = exporter.map_err(|error| failed(&error))?;
    let name = std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty());
    let resource = Resource::builder()
        .with_service_name(name.unwrap_or_else(|| "encrata-webhooks".into()))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    TRACER.set(provider.tracer("encrata-webhooks")).map_err(|_| failed(&"traces are sent elsewhere"))?;
    Ok(Traces(provider))
}

impl Traces {
    /// Sends what is left.
    pub async fn stop(self) {
        // It waits for the network.
        let stopped = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last spans could not be sent");
        }
    }
}

/// A span, or nothing while nobody collects. It ends when it is dropped.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub(crate) struct Span(Option<opentelemetry_sdk::trace::Span>);

impl Span {
    /// This span as the header `traceparent` tells it to whom is called.
    pub(crate) fn traceparent(&self) -> Option<String> {
        let context = self.0.as_ref()?.span_context();
        let (trace_id, span_id, flags) = (context.trace_id(), context.span_id(), context.trace_flags());
        Some(format!("00-{trace_id}-{span_id}-{flags:02x}"))
    }

    /// Ends the span of an attempt.
    pub(crate) fn ended(self, outcome: &Outcome) {
        let Some(mut span) = self.0 else { return };
        if let Outcome::Answered { status, .. } = outcome {
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(*status)));
        }
        if let Some(error) = outcome.error() {
            span.set_attribute(KeyValue::new("error.type", reason(outcome)));
            span.set_status(Status::error(error));
        }
    }
}

/// A publish request of so many events, in the caller's trace.
pub(crate) fn publish(traceparent: Option<&str>, events: usize) -> Span {
    span(|| {
        let attributes = vec![number("encrata.events", events)];
        ("publish", SpanKind::Server, attributes, Vec::new(), traceparent.and_then(parse))
    })
}

/// A group that is recorded, with a link to each of its requests.
pub(crate) fn record(batches: &[NewBatch]) -> Span {
    span(|| {
        let of = |batch: &NewBatch| batch.events.first()?.traceparent.as_deref().and_then(parse);
        let links =
            batches.iter().filter_map(of).take(MAX_LINKS).map(|request| Link::new(request, Vec::new(), 0));
        let attributes = vec![number("encrata.requests", batches.len())];
        ("record", SpanKind::Internal, attributes, links.collect(), None)
    })
}

/// A claim on the lanes of so many webhooks.
pub(crate) fn claim(webhooks: usize) -> Span {
    span(|| ("claim", SpanKind::Internal, vec![number("encrata.webhooks", webhooks)], Vec::new(), None))
}

/// An attempt, in its event's trace.
pub(crate) fn attempt(claim: &Claim) -> Span {
    span(|| {
        let attributes = vec![
            KeyValue::new("encrata.delivery", claim.delivery_id.to_string()),
            KeyValue::new("encrata.webhook", claim.webhook_id.to_string()),
            KeyValue::new("encrata.event_type", claim.event_type.clone()),
            KeyValue::new("encrata.attempt", claim.attempts + 1),
        ];
        ("attempt", SpanKind::Client, attributes, Vec::new(), claim.traceparent.as_deref().and_then(parse))
    })
}

type Parts = (&'static str, SpanKind, Vec<KeyValue>, Vec<Link>, Option<SpanContext>);

fn span(parts: impl FnOnce() -> Parts) -> Span {
    Span(TRACER.get().map(|tracer| {
        let (name, kind, attributes, links, parent) = parts();
        let builder =
            trace::SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes).with_links(links);
        let root = Context::new();
        tracer.build_with_context(
            builder,
            &parent.map_or(root.clone(), |parent| root.with_remote_span_context(parent)),
        )
    }))
}

/// What a `traceparent` names. It was checked where it was taken.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-').skip(1);
    let trace_id = TraceId::from_hex(parts.next()?).ok()?;
    let span_id = SpanId::from_hex(parts.next()?).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?);
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE))
}

fn number(name: &'static str, number: usize) -> KeyValue {
    KeyValue::new(name, i64::try_from(number).unwrap_or(i64::MAX))
}
