//! `encrata-webhooks completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::output::out;
use super::{Cli, Failure};

/// Print what a shell needs to complete these commands
///
/// A script, in bash for one: encrata-webhooks completions bash > /etc/bash_completion.d/encrata-webhooks
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "encrata-webhooks", &mut script);
        out!("{}", String::from_utf8_lossy(&script).trim_end())
    }
}
