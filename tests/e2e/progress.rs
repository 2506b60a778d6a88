//! Long work says how far it has come: to a person at a terminal, and to nobody else.

use std::process::Command;

use encrata_webhooks_tests::{Finished, MASTER_KEY, Setup, binary, run_with};

const SECRET: &str = "whsec_00000000000000000000000000000000000000000000000000000000000000a1";
const NEW_KEY: &str = "0808080808080808080808080808080808080808080808080808080808080808";
const KEYS: [(&str, &str); 2] = [("ENCRATA_MASTER_KEY", MASTER_KEY), ("ENCRATA_NEW_MASTER_KEY", NEW_KEY)];

/// What a terminal shows of a call; none where there is no terminal to be had.
fn shown(args: &[&str]) -> Option<String> {
    let call: Vec<&str> = [binary().to_str().unwrap()].iter().chain(args).copied().collect();
    // Nothing of ours has a quote or a space in it.
    let script = Command::new("script").args(["-qec", &call.join(" "), "/dev/null"]).envs(KEYS).output();
    match script {
        Ok(done) => {
            assert!(done.status.success(), "{done:?}");
            Some(String::from_utf8(done.stdout).unwrap())
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "script is needed in CI: {error}");
            println!("SKIPPED: what a terminal shows of long work (script is not there: {error})");
            None
        }
    }
}

fn silent(args: &[&str]) -> Finished {
    let finished = run_with(args, b"", &KEYS);
    assert!(finished.code == Some(0) && !finished.stderr.contains('\r'), "{finished:?}");
    finished
}

#[test]
fn a_terminal_shows_how_far_it_has_come() {
    for (more, shows) in [(&["--check"][..], "1 of 2 rows looked for"), (&[], "1 of 2 rows written")] {
        let setup = Setup::new();
        setup.create_key("acme", "admin");
        let (database, file) = (setup.database(), setup.path("webhooks.csv"));
        let rows = ["/a", "/b"].map(|path| format!("acme,https://example.com{path},credits.low,{SECRET}\n"));
        std::fs::write(&file, format!("workspace,url,events,secret\n{}", rows.concat())).unwrap();
        let file = file.to_str().unwrap();
        // The master key of this database is made by its first start; here it is given.
        let import = [&["import", "--webhooks", file, "--database", &database], more].concat();
        let Some(seen) = shown(&import) else { return };
        assert!(seen.contains(&format!("\r{shows}")), "{seen}");
        if more.is_empty() {
            let again = silent(&[&import[..], &["--skip-existing"]].concat());
            assert!(again.stdout.contains("2 rows are there already"), "{again:?}");
            let seen = shown(&["rekey", "--database", &database]).unwrap();
            assert!(seen.contains("\r2 secrets sealed anew"), "{seen}");
            let copy = setup.path("copy.db");
            let seen = shown(&["backup", "--database", &database, copy.to_str().unwrap()]).unwrap();
            assert!(seen.contains("MB copied") && seen.contains("is a copy of"), "{seen}");
            let seen = shown(&["rekey", "--database", &database, "--json"]).unwrap();
            assert!(seen.starts_with('{'), "{seen}");
        }
    }
}
