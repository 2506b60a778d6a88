//! A password in a URL is shown nowhere: by no command's help, in no error, and by `config` neither.

use clap::{Arg, Command};
use encrata_webhooks_tests::{Finished, run_with};

const PASSWORD: &str = "mark-pa55word";

/// What a person may write where a URL is wanted, right and wrong.
const URLS: [&str; 8] = [
    "http://u:mark-pa55word@127.0.0.1:9",
    "https://u:mark-pa55word@127.0.0.1:9/",
    "https://u:mark-pa55word@127.0.0.1:port",
    "https://u:mark-pa55word@[::1",
    "ftp://u:mark-pa55word@c:4318",
    "u:mark-pa55word@c:4318",
    "postgres://u:mark-pa55word@127.0.0.1:9/d",
    "postgres://u:mark-pa55word@127.0.0.1:port/d",
];

/// So that no command finds a database, a key or a server, and none goes on.
const NOWHERE: [(&str, &str); 4] = [
    ("ENCRATA_DATABASE_URL", "sqlite:/nowhere/encrata.db"),
    ("ENCRATA_MASTER_KEY_FILE", "/nowhere/key"),
    ("ENCRATA_API_KEY", "enc_live_x"),
    ("ENCRATA_SERVER", "http://127.0.0.1:9"),
];

/// The commands that do something, each with its words.
fn commands(command: &Command, words: &[&str]) -> Vec<(Vec<String>, Command)> {
    let below: Vec<_> = command.get_subcommands().filter(|command| command.get_name() != "help").collect();
    if below.is_empty() {
        return vec![(words.iter().map(|word| (*word).to_owned()).collect(), command.clone())];
    }
    below
        .into_iter()
        .flat_map(|command| commands(command, &[words, &[command.get_name()]].concat()))
        .collect()
}

fn is_url(arg: &Arg) -> bool {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let defaults = arg.get_default_values().iter().any(|value| value.to_string_lossy().contains("://"));
    let name = arg.get_value_names().unwrap_or_default();
    name.iter().any(|name| name.contains("URL")) || defaults || help.contains("://")
}

/// Something for each argument that a command does not go without.
fn required(command: &Command, but: &Arg) -> Vec<String> {
    let mut words = Vec::new();
    for arg in command.get_arguments().filter(|arg| arg.is_required_set() && arg.get_id() != but.get_id()) {
        words.extend(arg.get_long().map(|flag| format!("--{flag}")));
        let possible = arg.get_possible_values();
        words.push(match (possible.first(), arg.get_id().as_str()) {
            (Some(value), _) => value.get_name().to_owned(),
            (None, "role") => "admin".into(),
            (None, "forward_to") => "http://127.0.0.1:9".into(),
            (None, _) => "0197f000-0000-4000-8000-0000000000a1".into(),
        });
    }
    words
}

/// A call with `url` as the argument, by its flag or by its variable.
fn call(words: &[String], command: &Command, arg: &Arg, url: &str, by_variable: bool) -> Option<Finished> {
    let flag = format!("--{}", arg.get_long().expect("each URL has a flag"));
    let mut words: Vec<String> = [words, &*required(command, arg)].concat();
    let mut env = NOWHERE.to_vec();
    let variable = arg.get_env().map(|name| name.to_str().unwrap().to_owned());
    if by_variable {
        env.push((variable.as_deref()?, url));
    } else {
        words.extend([flag, url.to_owned()]);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Some(run_with(&words, b"", &env))
}

#[test]
fn no_command_shows_the_password_of_a_url() {
    let command = encrata_webhooks_server::cli::command();
    let mut seen = Vec::new();
    for (words, command) in commands(&command, &[]) {
        for arg in command.get_arguments().filter(|arg| is_url(arg)) {
            seen.push(format!("{} --{}", words.join(" "), arg.get_long().unwrap_or_default()));
            let name = seen.last().unwrap();
            let help = call(&[&*words, &["--help".to_owned()]].concat(), &command, arg, URLS[0], true);
            let mut calls: Vec<_> = help.into_iter().map(|help| ("--help", help)).collect();
            for url in URLS {
                let both = [false, true].map(|by_variable| call(&words, &command, arg, url, by_variable));
                calls.extend(both.into_iter().flatten().map(|finished| (url, finished)));
            }
            for (url, finished) in calls {
                let Finished { code, stdout, stderr } = &finished;
                assert!(code.is_some() && !stderr.contains("panicked"), "{name}, {url}: {finished:?}");
                assert!(
                    !stdout.contains(PASSWORD) && !stderr.contains(PASSWORD),
                    "{name}, {url}: {finished:?}"
                );
            }
        }
    }
    for expected in
        ["serve --public-url", "config --otlp-endpoint", "keys list --database", "trigger --server"]
    {
        assert!(seen.iter().any(|name| name == expected), "{expected} was not among {seen:?}");
    }
}

/// A URL in the wrong place: an option that there is not, a word too many, no command.
#[test]
fn a_word_in_the_wrong_place_is_not_repeated() {
    for words in [&["serve", URLS[0]][..], &[URLS[0]], &["keys", URLS[0]], &["sign", "--", "x", URLS[5]]] {
        let refused = run_with(words, b"", &NOWHERE);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(!refused.stderr.contains(PASSWORD), "{refused:?}");
    }
}
