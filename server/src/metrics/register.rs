//! Registering metrics, each with all the label values that it may have: a counter that appears with its first event is
//! one whose first event no rate shows.

use std::borrow::Cow;

use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use super::{Counters, Group, Labels, ROWS, SHORT};

#[derive(Debug, Default)]
pub(super) struct Registration(Registry);

/// Makes histograms with these buckets.
#[derive(Clone)]
struct Buckets(&'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

impl Registration {
    /// A metric without labels. Names of counters get `_total`.
    pub(super) fn add<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        let metric = M::default();
        self.0.register(name, help, metric.clone());
        metric
    }

    pub(super) fn histogram(&mut self, name: &str, help: &str, buckets: &'static [f64]) -> Histogram {
        let histogram = Buckets(buckets).new_metric();
        self.0.register(name, help, histogram.clone());
        histogram
    }

    /// Counters by the values of one label, all of them.
    pub(super) fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: &[&'static str],
    ) -> Counters<1> {
        let counters: Counters<1> = self.add(name, help);
        for value in values {
            drop(counters.get_or_create(&[(label, Cow::from(*value))]));
        }
        counters
    }

    /// The two kinds of group commits.
    pub(super) fn groups(&mut self) -> [Group; 2] {
        let rows = self.histograms(
            "encrata_store_group_rows",
            "Events, or outcomes, that shared a transaction",
            ROWS,
        );
        let seconds = self.histograms(
            "encrata_store_group_seconds",
            "Time of such a transaction, commit included",
            SHORT,
        );
        let errors: Counters<1> = self.add("encrata_store_group_errors", "Such transactions that failed");
        ["record", "finish"].map(|group| {
            let labels = [("group", group.into())];
            Group {
                rows: rows.get_or_create_owned(&labels),
                seconds: seconds.get_or_create_owned(&labels),
                errors: errors.get_or_create_owned(&labels),
            }
        })
    }

    fn histograms(
        &mut self,
        name: &str,
        help: &str,
        buckets: &'static [f64],
    ) -> Family<Labels<1>, Histogram, Buckets> {
        let histograms = Family::new_with_constructor(Buckets(buckets));
        self.0.register(name, help, histograms.clone());
        histograms
    }

    pub(super) fn done(self) -> Registry {
        self.0
    }
}
