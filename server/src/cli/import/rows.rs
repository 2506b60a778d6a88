//! From rows to webhooks and keys, each checked as the API would.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;
use std::str::FromStr;

use encrata_webhooks::standard::StandardKey;
use encrata_webhooks::{EventKind, Key};

use super::fields::{Fields, shown};
use crate::model::api_key::{KeyHash, MAX_NAME_CHARS, PREFIX, Role, may_be_key};
use crate::model::import::{ImportedKey, ImportedWebhook};
use crate::model::webhook::{HttpsUrl, MAX_DESCRIPTION_CHARS};
use crate::secret_text::SecretText;

/// How many deliveries a second a webhook may be limited to.
const RATE_LIMITS: std::ops::RangeInclusive<i64> = 1..=10_000;
/// How long a preview may be.
const MAX_PREVIEW_CHARS: usize = 20;

/// The webhooks of these rows. What is wrong is added to `wrong`.
pub(super) fn webhooks(rows: Vec<Fields>, wrong: &mut Vec<String>) -> Vec<ImportedWebhook> {
    let (mut ids, mut urls) = (HashSet::new(), HashSet::new());
    each(rows, wrong, |row| {
        let webhook = webhook(row);
        if let Some(webhook) = &webhook {
            once(row, &mut ids, webhook.id, "id");
            let place = (webhook.workspace.clone(), webhook.url.as_str().to_owned());
            once(row, &mut urls, webhook.id.is_none().then_some(place), "workspace and URL");
        }
        webhook
    })
}

/// The keys of these rows. What is wrong is added to `wrong`.
pub(super) fn keys(rows: Vec<Fields>, wrong: &mut Vec<String>) -> Vec<ImportedKey> {
    let (mut ids, mut hashes) = (HashSet::new(), HashSet::new());
    each(rows, wrong, |row| {
        let key = key(row);
        if let Some(key) = &key {
            once(row, &mut ids, key.id, "id");
            once(row, &mut hashes, Some(key.hash.clone()), "key");
        }
        key
    })
}

fn each<T>(
    rows: Vec<Fields>,
    wrong: &mut Vec<String>,
    mut read: impl FnMut(&mut Fields) -> Option<T>,
) -> Vec<T> {
    let mut found = Vec::with_capacity(rows.len());
    for mut row in rows {
        found.extend(read(&mut row));
        wrong.extend(row.end());
    }
    found
}

fn once<T: Eq + Hash>(row: &mut Fields, seen: &mut HashSet<T>, value: Option<T>, what: &str) {
    if value.is_some_and(|value| !seen.insert(value)) {
        row.is_wrong(format!("the same {what} stands above"));
    }
}

fn webhook(row: &mut Fields) -> Option<ImportedWebhook> {
    let workspace = name(row, "workspace");
    let id = id(row);
    let url = row.needed("url");
    let url = url.and_then(|text| row.result(HttpsUrl::parse(&text)));
    let events = events(row);
    let secret = row.needed("secret").map(|text| SecretText::from(text.as_str()));
    let secret = secret.and_then(|secret| row.result(usable(secret)));
    let description = row.text("description").unwrap_or_default();
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        row.is_wrong(format!("description has more than {MAX_DESCRIPTION_CHARS} characters"));
    }
    let is_active = row.flag("is_active").unwrap_or(true);
    let rate_limit = row.number("rate_limit");
    if rate_limit.is_some_and(|limit| !RATE_LIMITS.contains(&limit)) {
        row.is_wrong("rate_limit is not from 1 to 10000");
    }
    let created_ms = row.time("created_at");
    Some(ImportedWebhook {
        place: row.place.clone(),
        workspace: workspace?,
        id,
        url: url?,
        events: events?,
        secret: secret?,
        description,
        is_active,
        rate_limit: rate_limit.and_then(|limit| u32::try_from(limit).ok()),
        created_ms,
    })
}

fn key(row: &mut Fields) -> Option<ImportedKey> {
    let workspace = name(row, "workspace");
    let (id, name) = (id(row), name(row, "name"));
    let role = row.needed("role");
    let role = role.and_then(|text| row.result(Role::from_str(shown(&text))));
    let whole = row.text("key").map(|key| SecretText::from(key.as_str()));
    if whole.as_ref().is_some_and(|key| !may_be_key(key.expose())) {
        row.is_wrong("key can't be one: it is visible ASCII without spaces, 256 characters at most");
    }
    let hash = row.read("key_hash", hash);
    let preview = row.text("key_preview");
    let (hash, preview) = match (whole, hash) {
        (Some(whole), None) => (Some(KeyHash::of(whole.expose())), Some(ending(whole.expose()))),
        (None, Some(hash)) => {
            let preview = preview.filter(|text| text.chars().count() <= MAX_PREVIEW_CHARS);
            if preview.is_none() {
                row.is_wrong("key_preview is missing or long: the end of the key, like ...a1b2");
            }
            (Some(hash), preview)
        }
        (None, None) => {
            row.is_wrong("key is missing: give the key, or its key_hash");
            (None, None)
        }
        (Some(_), Some(_)) => {
            row.is_wrong("both key and key_hash are there: give one");
            (None, None)
        }
    };
    let is_active = row.flag("is_active").unwrap_or(true);
    let (credit_limit, total_requests) = (row.number("credit_limit"), row.number("total_requests"));
    let (created_ms, last_used_ms) = (row.time("created_at"), row.time("last_used"));
    Some(ImportedKey {
        place: row.place.clone(),
        workspace: workspace?,
        id,
        name: name?,
        role: role?,
        hash: hash?,
        prefix: PREFIX.to_owned(),
        preview: preview?,
        is_active,
        credit_limit,
        total_requests: total_requests.unwrap_or(0),
        created_ms,
        last_used_ms,
    })
}

/// A name of a workspace or a key.
fn name(row: &mut Fields, field: &str) -> Option<String> {
    let name = row.needed(field)?;
    let is_fit = !name.trim().is_empty()
        && name.chars().count() <= MAX_NAME_CHARS
        && !name.chars().any(char::is_control);
    if !is_fit {
        row.is_wrong(format!("{field} is not a name of up to {MAX_NAME_CHARS} printable characters"));
    }
    is_fit.then_some(name)
}

fn id<T: FromStr>(row: &mut Fields) -> Option<T>
where
    T::Err: Display,
{
    row.read("id", |text| {
        let why = "id is not a UUID in lower case with hyphens: leave it out, and a new one is made";
        text.parse().map_err(|_| why.to_owned())
    })
}

fn events(row: &mut Fields) -> Option<Vec<EventKind>> {
    let mut kinds = Vec::new();
    for word in row.words("events") {
        match word.parse::<EventKind>() {
            Ok(kind) if EventKind::SUBSCRIBABLE.contains(&kind) && !kinds.contains(&kind) => kinds.push(kind),
            Ok(kind) if kinds.contains(&kind) => {}
            _ => {
                let known = EventKind::SUBSCRIBABLE.map(EventKind::as_str).join(", ");
                let word = shown(&word);
                row.is_wrong(format!("'{word}' is not an event to subscribe to: it is one of {known}"));
                return None;
            }
        }
    }
    if kinds.is_empty() {
        row.is_wrong("events is missing: name one at least");
        return None;
    }
    Some(kinds)
}

/// A secret that both signatures can be made with.
fn usable(secret: SecretText) -> Result<SecretText, String> {
    let why = Key::new(secret.expose()).err().or_else(|| StandardKey::new(secret.expose()).err());
    why.map_or(Ok(secret), |why| Err(format!("secret can't be used: {why}")))
}

fn hash(text: &str) -> Result<KeyHash, String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| "key_hash is not 64 hex digits".to_owned())?;
    Ok(KeyHash::from_bytes(bytes))
}

/// `...` and the last four characters.
fn ending(key: &str) -> String {
    let from = key.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    format!("...{}", &key[from..])
}
