//! A command that goes on until it is stopped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::binary::command;

/// A program that runs: the binary, or another. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Running {
    /// Starts the binary with these words and variables.
    pub fn start(args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = command();
        command.args(args).envs(env.iter().copied());
        Self::of(command)
    }

    /// Starts any program.
    pub fn of(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        keep(BufReader::new(stdout), &lines);
        keep(BufReader::new(stderr), &lines);
        Self { child, lines }
    }

    /// What it has printed, on standard output and standard error.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line that holds `words`.
    pub async fn says(&self, words: &str) -> String {
        let said = async {
            loop {
                if let Some(line) = self.lines().into_iter().find(|line| line.contains(words)) {
                    return line;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let said = tokio::time::timeout(PATIENCE, said).await;
        said.unwrap_or_else(|_| panic!("it never said {words:?}: {:#?}", self.lines()))
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Interrupts it, as Ctrl-C does, and answers its exit code.
    pub fn interrupt(mut self) -> Option<i32> {
        self.signal("INT");
        self.child.wait().unwrap().code()
    }

    /// Asks it to stop, as a service manager does, and waits a while for its end.
    pub fn terminate(&mut self) {
        self.signal("TERM");
        let asked = Instant::now();
        while !self.has_ended() && asked.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }
}

fn keep(reader: impl BufRead + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in reader.lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    });
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
