//! Receivers that are shown elsewhere than in a folder of their own: in the README, and on the page.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::{built_go, copies};

/// What starts the receiver of this name on this port; none when it can't be tested here.
pub(crate) fn command(name: &str, port: u16) -> Option<Command> {
    let folder = copies().join(name);
    fs::create_dir_all(&folder).unwrap();
    let write = |file: &str, text: &str| fs::write(folder.join(file), text).unwrap();
    let mut command = match name {
        "readme-node" => {
            write("server.mjs", &block("js"));
            run("node", "server.mjs")
        }
        "readme-python" => {
            write("server.py", &block("python"));
            run("python3", "server.py")
        }
        "page-node" => {
            write("server.mjs", &on_page("node.js").replace("3000", &port.to_string()));
            run("node", "server.mjs")
        }
        "page-go" => {
            write("go.mod", "module receiver\n\ngo 1.19\n");
            write("main.go", &on_page("go.go"));
            Command::new(built_go(&folder)?)
        }
        other => panic!("nobody shows {other}"),
    };
    command.current_dir(folder);
    Some(command)
}

fn run(program: &str, file: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(file);
    command
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn on_page(file: &str) -> String {
    read(&format!("server/dashboard/src/receivers/{file}"))
}

/// The receiver in the README that is written in this language.
fn block(language: &str) -> String {
    let readme = read("README.md");
    let begins = format!("test_readme.py -->\n```{language}\n");
    let (_, code) = readme.split_once(&begins).unwrap();
    code.split_once("```").unwrap().0.to_owned()
}
