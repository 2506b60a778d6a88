//! SECURITY.md names tests: they are there.

use std::path::Path;

#[test]
fn what_the_threat_model_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut named = 0;
    for word in text.split('`').skip(1).step_by(2) {
        let module = word
            .split_once("::")
            .filter(|_| word.chars().all(|c| c.is_ascii_lowercase() || "_:".contains(c)));
        let path = match module {
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
            None => continue,
        };
        assert!(root.join(&path).exists(), "{word}: there is no {path}");
        named += 1;
    }
    assert!(named > 25, "{named}");
}
