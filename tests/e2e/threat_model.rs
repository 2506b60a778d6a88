//! SECURITY.md names tests and lines: they are there.

use std::path::{Path, PathBuf};

/// The section whose rows name lines of code.
const TAKEN_OUT: &str = "## Take the line out, and a test fails";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text around that section, and the section.
fn threat_model() -> (String, String) {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let (before, rest) = text.split_once(TAKEN_OUT).unwrap();
    let (section, after) = rest.split_once("\n## ").unwrap();
    (format!("{before}{after}"), section.to_owned())
}

fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Where what is named stands; none for what names no place.
fn place(word: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:".contains(c);
    let module = word.split_once("::").filter(|_| word.chars().all(is_name));
    Some(match module {
        Some(("e2e", name)) => format!("tests/e2e/{name}.rs"),
        Some(("delivery", name)) => format!("server/src/delivery/{}.rs", name.replace("::", "/")),
        Some(("door", "tests")) => "server/src/door/tests.rs".to_owned(),
        Some(("door", name)) => format!("server/src/door/{name}.rs"),
        Some((name, "tests")) => format!("server/src/{name}.rs"),
        Some(_) => panic!("{word} is nowhere"),
        None if word.starts_with("harness/") => format!("tests/{word}"),
        None if ["api/", "delivery/", "door/"].iter().any(|folder| word.starts_with(folder)) => {
            format!("server/src/{word}")
        }
        None if word.contains('/') => word.to_owned(),
        None => return None,
    })
}

fn assert_there<'a>(words: impl Iterator<Item = &'a str>) -> usize {
    let places = words.filter_map(|word| Some((word, place(word)?)));
    places.map(|(word, path)| assert!(root().join(&path).exists(), "{word}: there is no {path}")).count()
}

#[test]
fn what_the_threat_model_names_is_there() {
    let named = assert_there(in_backticks(&threat_model().0));
    assert!(named > 25, "{named}");
}

/// A line that is changed asks for its test anew.
#[test]
fn the_lines_whose_absence_fails_are_there() {
    let (_, section) = threat_model();
    let rows: Vec<&str> = section.lines().filter(|line| line.ends_with("` |")).collect();
    for row in &rows {
        let (_, rest) = row.split_once(" | `").unwrap();
        let text = format!("`{}", rest.replace("\\|", "|"));
        let mut words = in_backticks(&text);
        let (file, line) = (words.next().unwrap(), words.next().unwrap());
        let code = std::fs::read_to_string(root().join(file)).unwrap();
        assert!(code.contains(line), "{file} has no {line}");
        assert!(assert_there(words) > 0, "{row}");
    }
    assert!(rows.len() >= 30, "{}", rows.len());
}
