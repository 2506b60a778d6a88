//! Settings from a file. One rule for all: a flag wins over the environment, the environment over the file, the file over
//! what is usual.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, Command};
use toml::Value;

use super::Failure;

/// The variable that names the file.
const VARIABLE: &str = "ENCRATA_CONFIG";
/// The flag that does.
const FLAG: &str = "--config";

/// What a file says, by the names of flags.
#[derive(Debug, Default)]
pub(super) struct Settings(BTreeMap<String, Vec<String>>);

impl Settings {
    /// Those of the file that these words or the environment name; none when neither does.
    pub(super) fn of(mut words: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let mut named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
        while let Some(word) = words.next() {
            let word = word.to_string_lossy();
            if word == FLAG {
                named = words.next();
            } else if let Some(path) = word.strip_prefix(FLAG).and_then(|rest| rest.strip_prefix('=')) {
                named = Some(path.into());
            }
        }
        named.map_or_else(|| Ok(Self::default()), |path| Self::read(&PathBuf::from(path)))
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |why: &dyn std::fmt::Display| format!("cannot use {}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        Self::parse(&text).map_err(|why| failed(&why).into())
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            // The line itself may hold a password.
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            format!("line {line} is not TOML ({})", error.message())
        })?;
        let mut settings = BTreeMap::new();
        for (name, value) in table {
            let values = match value {
                Value::Array(values) => values.iter().map(|value| one(&name, value)).collect(),
                value => one(&name, &value).map(|value| vec![value]),
            };
            settings.insert(name, values?);
        }
        Ok(Self(settings))
    }

    /// Whether the file says something of a flag.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.0.contains_key(flag)
    }

    /// The command with the file's values in place of what is usual, wherever it has such a flag.
    pub(super) fn in_place(&self, command: Command) -> Result<Command, Failure> {
        let known = flags(&command);
        for (name, values) in &self.0 {
            let Some(takes_many) = known.get(name.as_str()) else {
                let why = format!("the file of settings says something of {name}, which is no flag of serve");
                return Err(why.into());
            };
            if values.len() != 1 && !takes_many {
                let why =
                    format!("the file of settings gives {} values for {name}, which is one", values.len());
                return Err(why.into());
            }
        }
        Ok(self.fill(command))
    }

    fn fill(&self, command: Command) -> Command {
        command
            .mut_args(|arg| {
                let said =
                    arg.get_long().filter(|_| arg.get_env().is_some()).and_then(|flag| self.0.get(flag));
                match said {
                    // Help would show a password among them.
                    Some(values) => arg.default_values(values.clone()).hide_default_value(true),
                    None => arg,
                }
            })
            .mut_subcommands(|subcommand| self.fill(subcommand))
    }
}

/// The flags of `serve` that can be set elsewhere too, and whether each takes many values.
fn flags(command: &Command) -> BTreeMap<String, bool> {
    let serve = command.get_subcommands().filter(|subcommand| subcommand.get_name() == "serve");
    let args = serve.flat_map(Command::get_arguments).filter(|arg| arg.get_env().is_some());
    let takes_many = |arg: &Arg| arg.get_num_args().is_some_and(|count| count.max_values() > 1);
    args.filter_map(|arg| Some((arg.get_long()?.to_owned(), takes_many(arg)))).collect()
}

fn one(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(flag) => Ok(flag.to_string()),
        _ => Err(format!("{name} is neither a text nor a whole number, nor a list of them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_texts_numbers_and_lists_of_them() {
        let text =
            "listen = '0.0.0.0:80'\nwebhook-rate-limit = 5\nallow-network = ['10.0.0.0/8', 'fd00::/8']";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.0["allow-network"], ["10.0.0.0/8", "fd00::/8"]);
        assert_eq!(
            (&settings.0["listen"][0], &settings.0["webhook-rate-limit"][0]),
            (&"0.0.0.0:80".into(), &"5".into())
        );
        assert!(settings.has("listen") && !settings.has("database"));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_line_itself() {
        for (text, says) in [
            ("listen = ", "line 1"),
            ("a = 1\ndatabase = 'postgres://u:secret@h/d", "line 2"),
            ("[serve]\nlisten = 'x'", "serve is neither"),
            ("listen = 1.5", "listen is neither"),
        ] {
            let error = Settings::parse(text).unwrap_err();
            assert!(error.contains(says) && !error.contains("secret"), "{error}");
        }
    }
}
