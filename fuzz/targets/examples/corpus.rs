//! Writes the corpora into the folder named: one folder per target, one file per input.
#![allow(clippy::unwrap_used, reason = "a tool that can't go on says where and stops")]

use std::fs;
use std::path::PathBuf;

use encrata_webhooks_fuzz_targets::TARGETS;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("where to write"));
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed).unwrap();
        }
    }
}
