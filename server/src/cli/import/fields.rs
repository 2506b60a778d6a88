//! The fields of a row, which are taken out one by one; what is left over is unknown.

use serde_json::{Map, Value};

use crate::clock::parse_rfc3339;

/// A row, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) place: String,
    values: Map<String, Value>,
    wrong: Vec<String>,
}

impl Fields {
    pub(super) fn new(place: String, values: Map<String, Value>) -> Self {
        Self { place, values, wrong: Vec::new() }
    }

    pub(super) fn is_wrong(&mut self, why: impl Into<String>) {
        self.wrong.push(why.into());
    }

    /// A text, if there is one.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.values.remove(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text),
            _ => {
                self.is_wrong(format!("{name} is not a text"));
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, name: &str) -> Option<String> {
        if self.values.get(name).is_none_or(|value| value == "") {
            self.is_wrong(format!("{name} is missing"));
        }
        self.text(name)
    }

    /// Whatever a text says, if there is one.
    pub(super) fn read<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        self.result(read(&text))
    }

    /// The value, or a note of what is wrong.
    pub(super) fn result<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|why| self.is_wrong(why)).ok()
    }

    /// A whole number that is not negative, if there is one.
    pub(super) fn number(&mut self, name: &str) -> Option<i64> {
        let number = match self.values.remove(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| *number >= 0);
        if number.is_none() {
            self.is_wrong(format!("{name} is not a whole number from 0 on"));
        }
        number
    }

    /// Yes or no, if it is said.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let flag = match self.values.remove(name)? {
            Value::Bool(flag) => Some(flag),
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Some(true),
                "false" | "no" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if flag.is_none() {
            self.is_wrong(format!("{name} is neither true nor false"));
        }
        flag
    }

    /// A time in RFC 3339 as milliseconds, if there is one.
    pub(super) fn time(&mut self, name: &str) -> Option<i64> {
        self.read(name, |text| {
            let wrong = || format!("{name} is not a time like 2026-01-01T00:00:00Z");
            parse_rfc3339(text).ok_or_else(wrong)
        })
    }

    /// Words: an array of them, or a text with spaces, commas or semicolons between.
    pub(super) fn words(&mut self, name: &str) -> Vec<String> {
        match self.values.remove(name) {
            Some(Value::String(text)) => {
                let words = text.split([' ', ',', ';']).filter(|word| !word.is_empty());
                words.map(str::to_owned).collect()
            }
            Some(Value::Array(words)) if words.iter().all(Value::is_string) => {
                words.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            None => Vec::new(),
            Some(_) => {
                self.is_wrong(format!("{name} is not a list of texts"));
                Vec::new()
            }
        }
    }

    /// What is wrong with the row, each with its place; empty when nothing is.
    pub(super) fn end(mut self) -> Vec<String> {
        let unknown: Vec<&str> = self.values.keys().map(|name| shown(name)).collect();
        if !unknown.is_empty() {
            self.is_wrong(format!("nobody knows {}: see import --help", unknown.join(", ")));
        }
        self.wrong.iter().map(|why| format!("{}: {why}", self.place)).collect()
    }
}

/// A word as an error may show it. In a file without a head, or with its columns mixed up, any may be a secret or a key.
pub(super) fn shown(word: &str) -> &str {
    let is_plain = word.len() <= 30 && !word.bytes().any(|byte| byte.is_ascii_digit());
    if is_plain { word } else { "…" }
}
