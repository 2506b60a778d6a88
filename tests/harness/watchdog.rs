//! Cleaning up also when nothing of this process can: statics, `exit` and `kill -9` drop nothing.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A shell script that outlives this process for a moment: its input ends when this is dropped, and when the process
/// ends.
#[derive(Debug)]
pub struct Watchdog {
    shell: Child,
    told: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts a script, which is to read its input to the end before it does anything. `$1` is the path.
    ///
    /// # Errors
    ///
    /// When there is no shell.
    pub fn start(script: &str, path: &Path) -> Result<Self, String> {
        let mut shell = Command::new("sh");
        // In a group of its own: a Ctrl-C in the terminal is not for it.
        shell.args(["-c", script, "sh"]).arg(path).process_group(0);
        let shell = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut shell = shell.map_err(|error| format!("sh: {error}"))?;
        let told = shell.stdin.take();
        Ok(Self { shell, told })
    }

    /// Gives it a line to read.
    pub fn tell(&mut self, line: &str) {
        if let Some(told) = &mut self.told {
            let _ = writeln!(told, "{line}");
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.told = None;
        let _ = self.shell.wait();
    }
}
