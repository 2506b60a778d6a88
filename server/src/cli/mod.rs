//! The command line: one file per subcommand.
//!
//! Exit codes: 0 done, 1 it did not work (a sentence on standard error says why), 2 the words of the call are
//! off.

#![allow(clippy::doc_markdown, reason = "the comments of arguments are the help that a person reads")]

mod backup;
mod completions;
mod config;
mod config_file;
mod dev;
mod import;
mod keys;
mod listen;
mod log;
mod openapi;
mod output;
mod progress;
mod rekey;
mod remote;
mod resend;
mod serve;
mod sign;
mod trigger;
mod verify;
mod workspaces;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use zeroize::Zeroizing;

use self::config_file::Settings;
use self::output::{Unwritten, note};
use crate::config::MasterKeySource;
use crate::secret_text::SecretText;
use crate::store::{DatabaseUrl, Store};

/// At the end of every help.
const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 it did not work (standard error says why), 2 the words of the call are off.";

/// Delivers Encrata's webhooks: management API, durable delivery with retries, one binary.
#[derive(Debug, Parser)]
#[command(name = "encrata-webhooks", version, propagate_version = true)]
struct Cli {
    /// A TOML file of settings, by the names of serve's flags. Flags and the environment win over it
    #[arg(long, env = "ENCRATA_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// What is said of a command here, or at the head of its own arguments when there is more to say: one sentence for the list,
/// and a paragraph.
#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<serve::Serve>),
    /// Print the settings that serve would have, and where each comes from; secrets are left out
    Config(Box<serve::Serve>),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    Import(Box<import::ImportFiles>),
    /// List workspaces, and say what /api/me shows of their accounts
    #[command(subcommand)]
    Workspaces(workspaces::Workspaces),
    Backup(backup::BackUp),
    /// Replace the master key: seal every signing secret anew. Broken off, it goes on when it is run again
    Rekey(rekey::Rekey),
    /// Watch it work: a server, a receiver that verifies, and events, with nothing to set up
    Dev(dev::Dev),
    Listen(listen::Listen),
    Replay(listen::Replay),
    Resend(resend::Resend),
    Trigger(trigger::Trigger),
    /// Print the API's description (OpenAPI 3.1), as the server serves it at /api/openapi.json
    Openapi,
    Sign(sign::Sign),
    /// Verify a body: exit code 0, or 1 with the reason
    Verify(verify::Verify),
    Completions(completions::Completions),
}

/// The variable that may hold the master key itself.
const MASTER_KEY: &str = "ENCRATA_MASTER_KEY";

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

impl Database {
    /// Opens it, or makes it. That is said: a path with a slip in it makes one in another place.
    async fn open(&self) -> Result<Store, Failure> {
        let url = &self.database;
        let is_made = Store::is_made(url).await?;
        let store = Store::open(url).await?;
        match url {
            _ if is_made => {}
            DatabaseUrl::Sqlite(file) => {
                note!("made a new database at {}", std::path::absolute(file.path())?.display());
            }
            DatabaseUrl::Postgres(_) => note!("made a new database at {url}"),
        }
        Ok(store)
    }
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
        let given = key_source(self.master_key_file.clone(), MASTER_KEY)?;
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

/// The commands and their arguments, for whoever looks at all of them.
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let settings = Settings::of(std::env::args_os().skip(1));
    let with_settings = settings.and_then(|settings| {
        let command = without_empty_variables(settings.in_place(told(Cli::command()))?);
        Ok((settings, command))
    });
    let (settings, mut command) = match with_settings {
        Ok(found) => found,
        Err(failure) => {
            note!("encrata-webhooks: {failure}");
            return ExitCode::from(2);
        }
    };
    let matches = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
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
        Command::Completions(completions) => completions.run(),
        Command::Config(_) => show_config(&matches, &settings),
        Command::Serve(serve) => on_runtime(serve.run()),
        Command::Keys(keys) => on_runtime(keys.run()),
        Command::Workspaces(workspaces) => on_runtime(workspaces.run()),
        Command::Import(import) => on_runtime(import.run()),
        Command::Backup(backup) => on_runtime(backup.run()),
        Command::Rekey(rekey) => on_runtime(rekey.run()),
        Command::Dev(dev) => on_runtime(dev.run()),
        Command::Listen(listen) => on_runtime(listen.run()),
        Command::Replay(replay) => on_runtime(replay.run()),
        Command::Resend(resend) => on_runtime(resend.run()),
        Command::Trigger(trigger) => on_runtime(trigger.run()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&*failure),
    }
}

fn show_config(matches: &clap::ArgMatches, settings: &Settings) -> Result<(), Failure> {
    let matches = matches.subcommand_matches("config").ok_or("there is nothing to show")?;
    // With the variables that are set to nothing as well.
    config::show(&command(), matches, settings)
}

/// With the exit codes in the help of every command.
fn told(command: clap::Command) -> clap::Command {
    command.after_help(EXIT_CODES).mut_subcommands(told)
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

/// A URL may hold a password, which is for no screen and no log: neither as a value nor as a word in the wrong place.
fn without_password(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(value)) = error.get(kind) else { continue };
        let shown = match value.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://…"),
            None if value.contains('@') => "…".into(),
            None => continue,
        };
        error.insert(kind, ContextValue::String(shown));
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

fn fail(failure: &(dyn std::error::Error + Send + Sync + 'static)) -> ExitCode {
    // Whoever read has what they wanted.
    if failure.downcast_ref::<Unwritten>().is_some_and(Unwritten::is_unread) {
        return ExitCode::SUCCESS;
    }
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

/// The body of `sign` and `verify`.
#[derive(Debug, clap::Args)]
struct BodyArg {
    /// The file with the body; standard input when not given, or when it is -
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl BodyArg {
    fn read(&self) -> Result<Vec<u8>, Failure> {
        let file = self.file.as_deref().filter(|file| *file != std::path::Path::new("-"));
        let Some(file) = file else {
            let mut body = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut body)
                .map_err(|error| format!("cannot read the body from standard input: {error}"))?;
            return Ok(body);
        };
        std::fs::read(file)
            .map_err(|error| format!("cannot read the body from {}: {error}", file.display()).into())
    }
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
