//! What every example has: a README, and code that fits on a screen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::TESTED;

/// The code of an example, without what packages and configures it, and without what elsewhere is a library.
fn code(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_code = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_library = path.ends_with("go/verify.go");
        !is_library
            && extension.is_some_and(|extension| ["go", "html", "js", "mjs", "py", "rs"].contains(&extension))
    };
    let own = |path: &&PathBuf| !["node_modules", "target"].iter().any(|name| path.ends_with(name));
    folders.iter().filter(own).flat_map(|path| code(path)).chain(files.into_iter().filter(is_code)).collect()
}

#[test]
fn each_has_a_readme_and_a_test_and_at_most_40_lines() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples");
    let folders = std::fs::read_dir(&examples)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir());
    let folders: BTreeSet<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert_eq!(folders, TESTED.iter().map(|name| (*name).to_owned()).collect());
    let overview = std::fs::read_to_string(examples.join("README.md")).unwrap();
    for name in folders {
        let folder = examples.join(&name);
        assert!(folder.join("README.md").is_file(), "{name} has no README.md");
        assert!(overview.contains(&format!("({name}/)")), "{name} is not in the overview");
        let lines: usize =
            code(&folder).iter().map(|file| std::fs::read_to_string(file).unwrap().lines().count()).sum();
        assert!((1..=40).contains(&lines), "{name} has {lines} lines");
    }
}
