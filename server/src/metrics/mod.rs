//! What is counted and measured, for Prometheus. There is one set per process, as there is one log. Labels have few
//! values, known beforehand: never an id, a URL or a name that a customer chose.
//!
//! This file defines the metrics, [`count`] says what counts for which, [`sample`] looks at the database.

mod count;
mod register;
mod sample;

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, AtomicU64};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub(crate) use self::count::reason;
use self::register::Registration;
pub(crate) use self::sample::keep_sampling;

/// What this process counts and measures.
pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
/// A gauge of seconds.
type Seconds = Gauge<f64, AtomicU64>;

/// All metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    events_accepted: Counter,
    deliveries_accepted: Counter,
    /// Deliveries that were sent as soon as they were recorded.
    pub(crate) warm: Counter,
    /// Deliveries that were claimed from the queue.
    pub(crate) claimed: Counter,
    delivered: Counter,
    failed: Counter,
    retried: Counters<1>,
    leases_lost: Counter,
    /// Deliveries that were still waiting when they had outlived their time.
    pub(crate) expired: Counter,
    disabled: Counters<1>,
    notices: Counters<1>,
    in_flight: Gauge,
    bytes_in_flight: Gauge,
    waiting: Gauge,
    webhooks_waiting: Gauge,
    webhooks_due: Gauge,
    oldest_due: Seconds,
    /// Since when it has been due, in milliseconds since the Unix epoch; [`NONE_DUE`] when none is.
    oldest_due_ms: AtomicI64,
    /// From a publish request to its 202.
    pub(crate) publish: Histogram,
    attempt: Histogram,
    delivery: Histogram,
    /// Group commits of what comes in.
    pub(crate) record: Group,
    /// Group commits of what comes of attempts.
    pub(crate) finish: Group,
    stuck: Gauge,
    seen: Seconds,
    snapshot: Seconds,
    snapshot_transactions: Gauge,
    requests: Counters<3>,
    /// Connections to the server's ports.
    pub(crate) connections: Gauge,
    refused: Counters<1>,
    resident_bytes: Gauge,
}

/// A kind of group commit.
#[derive(Debug)]
pub(crate) struct Group {
    rows: Histogram,
    seconds: Histogram,
    errors: Counter,
}

const NONE_DUE: i64 = i64::MAX;

/// From half a millisecond to twice what a request may take.
const SHORT: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// From a millisecond to the end of the retry schedule.
const LONG: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0,
    21_600.0, 86_400.0, 259_200.0,
];
const ROWS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0];

impl Metrics {
    fn new() -> Self {
        let mut all = Registration::default();
        let started = all.counters(
            "encrata_deliveries_started",
            "Deliveries sent as soon as they were recorded (warm), or claimed from the queue (claimed)",
            "path",
            &["warm", "claimed"],
        );
        let [record, finish] = all.groups();
        Self {
            events_accepted: all.add("encrata_events_accepted", "Published events that are kept"),
            deliveries_accepted: all.add("encrata_deliveries_accepted", "Deliveries that those events made"),
            warm: started.get_or_create_owned(&[("path", "warm".into())]),
            claimed: started.get_or_create_owned(&[("path", "claimed".into())]),
            delivered: all.add("encrata_deliveries_delivered", "Deliveries that a receiver answered 2xx"),
            failed: all.add("encrata_deliveries_failed", "Deliveries that failed for good"),
            retried: all.counters(
                "encrata_deliveries_retried",
                "Failed attempts that another is to follow, by reason",
                "reason",
                &count::REASONS,
            ),
            leases_lost: all.add(
                "encrata_leases_lost",
                "Outcomes that were not written, for the lease had gone to another or the webhook was deleted",
            ),
            expired: all.add(
                "encrata_deliveries_expired",
                "Deliveries that were erased unfinished, for they had waited as long as anything is kept",
            ),
            disabled: all.counters(
                "encrata_webhooks_disabled",
                "Webhooks that were switched off: nothing succeeded for too long (failing), or 410 (gone)",
                "reason",
                &["failing", "gone"],
            ),
            notices: all.counters(
                "encrata_notices",
                "Attempts to send a notice to the operator: it arrived (delivered), is to be tried again (retried), or not (failed)",
                "result",
                &["delivered", "retried", "failed"],
            ),
            in_flight: all.add("encrata_requests_in_flight", "Requests under way, until their outcome is written"),
            bytes_in_flight: all.add("encrata_request_bytes_in_flight", "Bytes of their bodies"),
            waiting: all.add("encrata_deliveries_waiting", "Deliveries in the queue, those being sent included"),
            webhooks_waiting: all.add("encrata_webhooks_waiting", "Active webhooks with deliveries in the queue"),
            webhooks_due: all.add("encrata_webhooks_due", "Those of them that something could be sent to now"),
            oldest_due: all.add("encrata_oldest_due_seconds", "For how long the oldest due delivery has been due"),
            oldest_due_ms: AtomicI64::new(NONE_DUE),
            publish: all.histogram("encrata_publish_seconds", "From a publish request to its 202", SHORT),
            attempt: all.histogram("encrata_attempt_seconds", "Time of an attempt, whatever came of it", SHORT),
            delivery: all.histogram(
                "encrata_delivery_seconds",
                "From the acceptance of an event to the receiver's 2xx, retries and resends included",
                LONG,
            ),
            record,
            finish,
            stuck: all.add("encrata_store_stuck", "1 while outcomes can't be written and nothing new is sent"),
            seen: all.add("encrata_store_seen_timestamp_seconds", "When the database last answered a look at it"),
            snapshot: all.add(
                "encrata_store_oldest_snapshot_seconds",
                "PostgreSQL: age of the oldest transaction that keeps vacuum from removing rows",
            ),
            snapshot_transactions: all.add(
                "encrata_store_oldest_snapshot_transactions",
                "PostgreSQL: the same counted in transactions, replication slots and standbys included",
            ),
            requests: all.add("encrata_http_requests", "Requests to the API"),
            connections: all.add("encrata_connections", "Connections to this process"),
            refused: all.counters(
                "encrata_connections_refused",
                "Connections that were closed at once: too many of the node, or of one address",
                "limit",
                &["node", "address"],
            ),
            resident_bytes: all.add("process_resident_memory_bytes", "Memory in use"),
            registry: all.done(),
        }
    }
}
