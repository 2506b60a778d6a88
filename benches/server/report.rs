//! The report: figures, what stands beside each, what it was to reach and whether it did.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Failure;
use crate::stats::rounded;

/// What a figure is to reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// The figure by what stands beside it, at least.
    RatioAtLeast(f64),
    /// The figure by what stands beside it, at most.
    RatioAtMost(f64),
    /// The figure itself, at most.
    AtMost(f64),
}

/// One figure.
pub(crate) struct Figure {
    scenario: &'static str,
    measured: String,
    value: f64,
    unit: &'static str,
    beside: Option<(String, f64)>,
    target: Option<Target>,
    details: Map<String, Value>,
}

impl Figure {
    /// What was measured in a scenario.
    pub(crate) fn new(
        scenario: &'static str,
        measured: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) -> Self {
        let (beside, target, details) = Default::default();
        Self { scenario, measured: measured.into(), value, unit, beside, target, details }
    }

    /// What was measured beside it, in the same unit.
    #[must_use]
    pub(crate) fn beside(mut self, what: impl Into<String>, value: f64) -> Self {
        self.beside = Some((what.into(), value));
        self
    }

    /// What it is to reach.
    #[must_use]
    pub(crate) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// What it is to reach, if it is.
    #[must_use]
    pub(crate) fn target_if(self, holds: bool, target: Target) -> Self {
        if holds { self.target(target) } else { self }
    }

    /// How it came about.
    #[must_use]
    pub(crate) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The figure by what stands beside it.
    fn ratio(&self) -> Option<f64> {
        self.beside.as_ref().map(|(_, beside)| self.value / beside)
    }

    fn is_met(&self) -> Option<bool> {
        Some(match self.target? {
            Target::RatioAtLeast(least) => self.ratio()? >= least,
            Target::RatioAtMost(most) => self.ratio()? <= most,
            Target::AtMost(most) => self.value <= most,
        })
    }

    fn target_text(&self) -> String {
        match self.target {
            None => String::new(),
            Some(Target::RatioAtLeast(least)) => format!("ratio >= {least}"),
            Some(Target::RatioAtMost(most)) => format!("ratio <= {most}"),
            Some(Target::AtMost(most)) => format!("<= {most} {}", self.unit),
        }
    }

    fn json(&self) -> Value {
        json!({
            "scenario": self.scenario,
            "measured": self.measured,
            "value": rounded(self.value),
            "unit": self.unit,
            "beside": self.beside.as_ref().map(|(what, value)| json!({"measured": what, "value": rounded(*value)})),
            "ratio": self.ratio().map(rounded),
            "target": self.target.map(|_| self.target_text()),
            "met": self.is_met(),
            "details": self.details,
        })
    }

    fn line(&self) -> String {
        let ratio = self.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let beside = self.beside.as_ref().map(|(what, value)| format!("{} {what}", number(*value)));
        let met = self.is_met().map_or("", |met| if met { "met" } else { "MISSED" });
        let Self { measured, unit, .. } = self;
        let (value, target) = (number(self.value), self.target_text());
        let line = format!("  {measured:<64} {value:>9} {unit:<6} {ratio:>6}  {target:<14} {met:<7}");
        beside.map_or(line.clone(), |beside| format!("{line} (beside {beside})")).trim_end().to_owned()
    }
}

fn number(value: f64) -> String {
    rounded(value).to_string()
}

/// All figures, and what broke.
#[derive(Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    failures: Vec<String>,
}

impl Report {
    /// Takes figures, and prints them.
    pub(crate) fn add(&mut self, figures: impl IntoIterator<Item = Figure>) {
        for figure in figures {
            println!("{}", figure.line());
            self.figures.push(figure);
        }
    }

    /// Takes what broke, and prints it.
    pub(crate) fn fail(&mut self, what: &str, why: &Failure) {
        let failure = format!("{what}: {why}");
        eprintln!("  BROKEN  {failure}");
        self.failures.push(failure);
    }

    /// Whether nothing broke.
    pub(crate) fn is_sound(&self) -> bool {
        self.failures.is_empty()
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path, context: Value) -> Result<(), Failure> {
        let met: Vec<bool> = self.figures.iter().filter_map(Figure::is_met).collect();
        let reached = met.iter().filter(|met| **met).count();
        println!("\n{reached} of {} targets met, {} measurements broken", met.len(), self.failures.len());
        let mut report = context;
        report["broken"] = json!(self.failures);
        report["figures"] = self.figures.iter().map(Figure::json).collect();
        std::fs::create_dir_all(path.parent().ok_or("no folder to write to")?)?;
        Ok(std::fs::write(path, format!("{report:#}\n"))?)
    }
}
