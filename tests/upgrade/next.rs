//! The binary of the next version.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Built once per run, in the target folder of this test.
pub(crate) fn next() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        // target/debug/deps/TEST
        let test = std::env::current_exe().unwrap();
        let target = test.ancestors().nth(3).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("upgrade/next-version.sh");
        let made = Command::new(script).arg(target).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        PathBuf::from(String::from_utf8(made.stdout).unwrap().trim_end())
    })
}

/// What `--version` says of a binary, without its name.
pub(crate) fn version_of(binary: &Path) -> String {
    let said = Command::new(binary).arg("--version").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    said.trim_end().rsplit(' ').next().unwrap().to_owned()
}
