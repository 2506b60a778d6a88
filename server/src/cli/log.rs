//! The log: structured, on standard error.

use std::io::{IsTerminal as _, Write};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::Failure;

/// How the log looks.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Log {
    /// What to log: error, warn, info (the default of serve), debug, or a filter like
    /// info,encrata_webhooks_server::delivery=debug
    #[arg(long, env = "ENCRATA_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// How: text for people, json for machines
    #[arg(long, env = "ENCRATA_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Standard error, where a line that can't be written is lost. The logging library would else report the failure to
/// the very same place, and panic in whatever task had something to say.
struct Unfailing(std::io::Stderr);

impl Write for Unfailing {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.write_all(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

impl Log {
    /// Starts logging: what the operator asked for, else `usual`.
    pub(super) fn start(&self, usual: &str) -> Result<(), Failure> {
        let wanted = self.log.as_deref().unwrap_or(usual);
        let filter =
            EnvFilter::builder().parse(wanted).map_err(|error| format!("--log '{wanted}': {error}"))?;
        let log =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Unfailing(std::io::stderr()));
        match self.log_format {
            Format::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init()?,
            Format::Json => log.json().flatten_event(true).try_init()?,
        }
        Ok(())
    }
}
