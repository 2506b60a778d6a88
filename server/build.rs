//! Finds the page (`dashboard/dist`, made by `dashboard/build.sh`) and writes the table of its files, which
//! `src/api/page.rs` includes. Without it the table is empty and the server says how to build it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name| env::var_os(name).map(PathBuf::from).ok_or(name);
    let dashboard = variable("CARGO_MANIFEST_DIR")?.join("dashboard");
    let dist = dashboard.join("dist");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        println!("cargo::rerun-if-changed={}", dist.display());
        collect(&dist, &mut files)?;
        files.sort();
    } else if dashboard.is_dir() {
        // A folder that is not there can't be watched: that would build all anew each time.
        println!("cargo::rerun-if-changed={}", dashboard.display());
    }
    let mut table = String::from("static FILES: &[File] = &[\n");
    for file in files.iter().filter(|file| file.extension().is_none_or(|kind| kind != "br")) {
        let path = file.strip_prefix(&dist)?.to_str().ok_or("a file of the page has no name in UTF-8")?;
        let path = path.replace('\\', "/");
        let brotli = PathBuf::from(format!("{}.br", file.display()));
        let brotli = match files.contains(&brotli) {
            true => format!("Some(include_bytes!({brotli:?}))"),
            false => "None".to_owned(),
        };
        writeln!(table, "    File {{ path: {path:?}, plain: include_bytes!({file:?}), brotli: {brotli} }},")?;
    }
    table.push_str("];\n");
    fs::write(variable("OUT_DIR")?.join("page.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
