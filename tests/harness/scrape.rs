//! Metrics as Prometheus would read them.

use std::collections::{BTreeMap, BTreeSet};

/// The samples of one scrape, each by its name and labels as they are written: `name{label="value"}`.
#[derive(Debug, Clone)]
pub struct Scrape {
    samples: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
}

impl Scrape {
    /// Reads the Prometheus text format; anything else is refused.
    pub fn parse(text: &str) -> Self {
        let (mut samples, mut types) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            if let Some(described) = line.strip_prefix("# TYPE ") {
                let (name, kind) = described.split_once(' ').unwrap();
                assert!(
                    types.insert(name.to_owned(), kind.to_owned()).is_none(),
                    "{name} is described twice"
                );
            } else if !line.starts_with("# HELP ") {
                let (sample, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("not a sample: {line}"));
                let before = samples.insert(sample.to_owned(), value.parse().unwrap());
                assert!(before.is_none(), "{sample} is there twice");
            }
        }
        Self { samples, types }
    }

    /// The value of a sample, which must be there.
    #[track_caller]
    pub fn value(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("no {sample} in {:#?}", self.samples.keys()))
    }

    /// The names of metrics, with their types.
    pub fn types(&self) -> &BTreeMap<String, String> {
        &self.types
    }

    /// The names of samples: a histogram has three.
    pub fn names(&self) -> BTreeSet<&str> {
        self.samples.keys().map(|sample| sample.split('{').next().unwrap()).collect()
    }

    /// The names and values of labels.
    pub fn labels(&self) -> BTreeSet<&str> {
        let labels = self.samples.keys().filter_map(|sample| sample.split_once('{')?.1.strip_suffix('}'));
        labels.flat_map(|labels| labels.split(',')).collect()
    }
}
