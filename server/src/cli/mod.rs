//! The command line: one file per subcommand.
//!
//! Exit codes: 0 done, 1 it did not work (a sentence on standard error says why), 2 the words of the call are
//! off.

#![allow(clippy::doc_markdown, reason = "the comments of arguments are the help that a person reads")]

mod dev;
mod keys;
mod log;
mod openapi;
mod output;
mod rekey;
mod serve;
mod sign;
mod verify;
mod workspaces;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use zeroize::Zeroizing;

use self::output::note;
use crate::config::MasterKeySource;
use crate::secret_text::SecretText;
use crate::store::DatabaseUrl;

/// Delivers Encrata's webhooks: management API, durable delivery with retries, one binary.
#[derive(Debug, Parser)]
#[command(name = "encrata-webhooks", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<serve::Serve>),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// List workspaces, and say what /api/me shows of their accounts
    #[command(subcommand)]
    Workspaces(workspaces::Workspaces),
    /// Replace the master key: seal every signing secret anew. Broken off, it goes on when it is run again
    Rekey(rekey::Rekey),
    /// Watch it work: a server, a receiver that verifies, and events, with nothing to set up
    Dev(dev::Dev),
    /// Print the API's description (OpenAPI 3.1), as the server serves it at /api/openapi.json
    Openapi,
    /// Sign the body on standard input: prints the value of X-Encrata-Signature
    Sign(sign::Sign),
    /// Verify the body on standard input: exit code 0, or 1 with the reason
    Verify(verify::Verify),
}

/// Which database a command works on.
#[derive(Debug, clap::Args)]
struct Database {
    /// Where everything is kept: sqlite:PATH or postgres://…
    #[arg(
        long,
        env = "ENCRATA_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        default_value = "sqlite:encrata.db"
    )]
    database: DatabaseUrl,
}

/// Where the master key is that a database is under.
#[derive(Debug, clap::Args)]
struct MasterKeyArg {
    /// The file with the master key that seals signing secrets: 64 hex digits. ENCRATA_MASTER_KEY may hold the
    /// key itself instead. Without either it is DATABASE.master-key, made at the first start on a new
    /// SQLite file; nodes on Postgres must be given one
    #[arg(long, env = "ENCRATA_MASTER_KEY_FILE", value_name = "PATH")]
    master_key_file: Option<PathBuf>,
}

impl MasterKeyArg {
    fn source(&self) -> Result<MasterKeySource, Failure> {
        let given = key_source(self.master_key_file.clone(), "ENCRATA_MASTER_KEY")?;
        Ok(given.unwrap_or(MasterKeySource::Beside))
    }
}

/// A master key in a file, or in the environment variable `name`.
fn key_source(file: Option<PathBuf>, name: &str) -> Result<Option<MasterKeySource>, Failure> {
    let value = std::env::var(name).ok().map(Zeroizing::new).filter(|value| !value.is_empty());
    match (file, value) {
        (Some(_), Some(_)) => {
            Err(format!("both {name} and a file are given for the same master key: give one").into())
        }
        (Some(path), None) => Ok(Some(MasterKeySource::File(path))),
        (None, value) => Ok(value.map(MasterKeySource::Value)),
    }
}

/// What a command that lists is told.
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    database: Database,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

/// Whatever ended a command: one sentence.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let matches = without_empty_variables(Cli::command()).try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(asked) if asked.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => asked.exit(),
        Err(error) if error.use_stderr() => {
            note!("encrata-webhooks: {}", one_line(&without_password(error).render().to_string()));
            return ExitCode::from(2);
        }
        // Help and version are errors only to the parser.
        Err(asked) => asked.exit(),
    };
    let result = match cli.command {
        Command::Sign(sign) => sign.run(),
        Command::Verify(verify) => return verify.run().unwrap_or_else(|failure| fail(&*failure)),
        Command::Openapi => openapi::run(),
        Command::Serve(serve) => on_runtime(serve.run()),
        Command::Keys(keys) => on_runtime(keys.run()),
        Command::Workspaces(workspaces) => on_runtime(workspaces.run()),
        Command::Rekey(rekey) => on_runtime(rekey.run()),
        Command::Dev(dev) => on_runtime(dev.run()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&*failure),
    }
}

/// An environment variable that is set to nothing counts as unset: that is how an optional one arrives from a
/// compose file.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| match arg.get_env() {
            Some(name) if is_empty(name) => arg.env(Resettable::Reset),
            _ => arg,
        })
        .mut_subcommands(without_empty_variables)
}

/// A URL may hold a password, which is for no screen and no log.
fn without_password(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue)
        && let Some((scheme, _)) = value.split_once("://")
    {
        let shown = ContextValue::String(format!("{scheme}://…"));
        error.insert(ContextKind::InvalidValue, shown);
    }
    error
}

/// What is off with the words of a call, without the usage that follows it.
fn one_line(error: &str) -> String {
    let what = error.split("\n\nUsage:").next().unwrap_or(error);
    let what = what.split("\n\nFor more information").next().unwrap_or(what);
    let words: Vec<&str> = what.split_whitespace().collect();
    let what = words.join(" ");
    format!("{}; see --help", what.strip_prefix("error: ").unwrap_or(&what))
}

fn on_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(command);
    // The system's name look-ups can't be cancelled: one that hangs must not keep the process.
    runtime.shutdown_background();
    result
}

fn fail(failure: &dyn std::error::Error) -> ExitCode {
    note!("encrata-webhooks: {failure}");
    ExitCode::FAILURE
}

/// Completes at Ctrl-C, or at the signal by which a service manager stops a service.
async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// The body on standard input.
fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut body)
        .map_err(|error| format!("cannot read the body from standard input: {error}"))?;
    Ok(body)
}

/// The signing secret of `sign` and `verify`.
#[derive(Debug, clap::Args)]
struct SecretArg {
    /// The signing secret (whsec_…)
    #[arg(long, env = "ENCRATA_WEBHOOK_SECRET", hide_env_values = true, value_name = "SECRET")]
    secret: Option<SecretText>,
}

impl SecretArg {
    fn get(&self) -> Result<&str, Failure> {
        let missing = "there is no secret: set ENCRATA_WEBHOOK_SECRET, or give it with --secret";
        self.secret
            .as_ref()
            .map(SecretText::expose)
            .filter(|secret| !secret.is_empty())
            .ok_or_else(|| missing.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_words_are_answered_in_one_line() {
        let error = |words: &[&str]| {
            let call = ["encrata-webhooks"].iter().chain(words);
            one_line(&Cli::try_parse_from(call).unwrap_err().render().to_string())
        };
        let unknown = error(&["serv"]);
        assert!(
            unknown.starts_with("unrecognized subcommand 'serv'") && !unknown.contains('\n'),
            "{unknown}"
        );
        let missing = error(&["keys", "create", "--name", "x"]);
        assert_eq!(
            missing,
            "the following required arguments were not provided: --workspace <WORKSPACE> --role <ROLE>; see --help"
        );
        assert!(error(&["serve", "--allow-network", "x"]).contains("'x' is not a network"));
    }
}
