//! The binary under test, and short calls of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

/// What came of a call that ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The binary: `ENCRATA_WEBHOOKS_BIN`, or the one beside this test, built anew when sources are younger.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("ENCRATA_WEBHOOKS_BIN") {
        Some(named) => {
            let named = PathBuf::from(named);
            assert!(named.is_file(), "ENCRATA_WEBHOOKS_BIN is {}, which is no file", named.display());
            named
        }
        None => built(),
    })
}

fn built() -> PathBuf {
    // target/PROFILE/deps/TEST
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join(format!("encrata-webhooks{}", std::env::consts::EXE_SUFFIX));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let made = binary.metadata().and_then(|file| file.modified()).ok();
    let sources = [
        "server/src",
        "server/migrations",
        "server/build.rs",
        "server/dashboard/dist",
        "core/src",
        "Cargo.lock",
    ];
    let changed = sources.iter().map(|part| newest(&root.join(part))).max().unwrap();
    if made.is_some_and(|made| made > changed) {
        return binary;
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "-p", "encrata-webhooks-server", "--bin", "encrata-webhooks"]);
    cargo.arg("--target-dir").arg(profile.parent().unwrap()).current_dir(root);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let status =
        cargo.status().unwrap_or_else(|error| panic!("cargo can't be run to build the server: {error}"));
    assert!(status.success() && binary.is_file(), "the server can't be built: see cargo's messages above");
    binary
}

fn newest(path: &Path) -> SystemTime {
    let own = path.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| newest(&entry.path()));
    inside.chain([own]).max().unwrap_or(own)
}

/// A call of the binary without any of our variables in its environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(binary());
    clean(&mut command);
    command
}

/// Takes our variables, and OpenTelemetry's, out of a call's environment, so that the developer's own never reach a test.
pub(crate) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("ENCRATA_") || name.starts_with("OTEL_")) {
            command.env_remove(name);
        }
    }
}

/// Runs the binary to its end.
pub fn run(args: &[&str]) -> Finished {
    run_with(args, b"", &[])
}

/// Runs the binary to its end, with `stdin` and variables.
pub fn run_with(args: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> Finished {
    let mut command = command();
    command.args(args).envs(env.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A process that ends without reading breaks the pipe: not our concern.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Finished { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
