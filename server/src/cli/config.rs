//! `encrata-webhooks config`: what is in force, and where it comes from.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use url::Url;

use super::config_file::Settings;
use super::output::out;
use super::{Failure, MASTER_KEY};
use crate::store::DatabaseUrl;

/// Prints the settings that `serve` would have with these words, as a file of settings, secrets left out.
pub(super) fn show(command: &Command, matches: &ArgMatches, settings: &Settings) -> Result<(), Failure> {
    let command = command.find_subcommand("config").ok_or("there is no command config")?;
    for arg in command.get_arguments().filter(|arg| arg.get_env().is_some()) {
        // The file of settings is none of them.
        let Some(flag) = arg.get_long().filter(|flag| *flag != "config") else { continue };
        let Some(values) = matches.get_raw(arg.get_id().as_str()) else {
            out!("# {flag} is not set ({})", variable(arg))?;
            continue;
        };
        let values: Vec<String> =
            values.map(|value| quoted(&redacted(flag, &value.to_string_lossy()))).collect();
        let is_list = arg.get_num_args().is_some_and(|count| count.max_values() > 1);
        let value = if is_list { format!("[{}]", values.join(", ")) } else { values.concat() };
        let from = match matches.value_source(arg.get_id().as_str()) {
            Some(ValueSource::CommandLine) => "flag".to_owned(),
            Some(ValueSource::EnvVariable) => variable(arg),
            _ if settings.has(flag) => "file".to_owned(),
            _ => "default".to_owned(),
        };
        out!("{flag} = {value} # {from}")?;
    }
    let is_set = std::env::var_os(MASTER_KEY).is_some_and(|value| !value.is_empty());
    out!("# {MASTER_KEY} is {}", if is_set { "set" } else { "not set" })
}

fn variable(arg: &Arg) -> String {
    arg.get_env().unwrap_or_default().to_string_lossy().into_owned()
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Without what is for nobody's eyes.
fn redacted(flag: &str, value: &str) -> String {
    if flag == "database" {
        return match value.parse::<DatabaseUrl>() {
            Ok(url @ DatabaseUrl::Sqlite(_)) => format!("sqlite:{url}"),
            Ok(url) => url.to_string(),
            Err(why) => why,
        };
    }
    match Url::parse(value) {
        // Its path may hold a token.
        Ok(url) if flag == "notify-url" => format!("{}/…", url.origin().ascii_serialization()),
        Ok(mut url) if url.password().is_some() || !url.username().is_empty() => {
            // They only fail for URLs that have neither.
            let _ = url.set_username("…");
            let _ = url.set_password(None);
            url.to_string().replace("%E2%80%A6", "…")
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (flag, value, shown) in [
            ("database", "postgres://u:secret@db:5432/encrata?password=secret", "postgres://db:5432/encrata"),
            ("database", "sqlite:encrata.db", "sqlite:encrata.db"),
            ("egress-proxy", "http://user:secret@proxy:3128", "http://…@proxy:3128/"),
            ("otlp-endpoint", "https://secret@collector/", "https://…@collector/"),
            ("notify-url", "https://ops.example.com/secret?token=secret", "https://ops.example.com/…"),
            ("public-url", "https://hooks.example.com", "https://hooks.example.com"),
            ("listen", "127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(redacted(flag, value), shown);
        }
    }
}
