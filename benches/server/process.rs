//! What a process costs, as Linux counts it.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::Failure;

/// Linux shows processor time in hundredths of a second, whatever the kernel's own tick is (`proc(5)`, `USER_HZ`).
const TICKS_PER_S: f64 = 100.0;

/// Processor seconds of this process alone: load and receiver.
pub(crate) fn own_cpu_seconds() -> Result<f64, Failure> {
    // utime and stime of proc(5): fields 14 and 15.
    ticks(std::process::id(), 14..=15)
}

/// Processor seconds of everything on this machine but us and our children.
pub(crate) fn foreign_cpu_seconds() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/stat")?;
    let fields: Vec<f64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    // All but idle and iowait; what follows steal is counted before (proc(5)).
    let busy: f64 = fields.iter().take(8).sum::<f64>() - fields.iter().skip(3).take(2).sum::<f64>();
    Ok(busy / TICKS_PER_S - cpu_seconds(std::process::id())?)
}

/// Processor seconds of a process and of all its children, those that ended included.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64, Failure> {
    // cutime and cstime as well: fields 16 and 17.
    let mut seconds = ticks(pid, 14..=17)?;
    for child in children(pid) {
        // One that ends just now is counted by its parent.
        seconds += cpu_seconds(child).unwrap_or(0.0);
    }
    Ok(seconds)
}

fn ticks(pid: u32, fields: RangeInclusive<usize>) -> Result<f64, Failure> {
    let text = read(pid, "stat")?;
    // The name, field 2, may have anything in it.
    let (_, after_name) = text.rsplit_once(") ").ok_or("/proc/PID/stat has no name in it")?;
    let wanted = after_name.split_whitespace().skip(fields.start() - 3).take(fields.count());
    let ticks: f64 = wanted.map(str::parse::<f64>).sum::<Result<_, _>>()?;
    Ok(ticks / TICKS_PER_S)
}

fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Memory of a process, in MiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// What is resident now.
    pub(crate) now_mib: f64,
    /// The most that ever was.
    pub(crate) peak_mib: f64,
}

/// The resident memory of a process.
pub(crate) fn memory(pid: u32) -> Result<Memory, Failure> {
    let text = read(pid, "status")?;
    let mib = |name: &str| -> Result<f64, Failure> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    };
    Ok(Memory { now_mib: mib("VmRSS:")?, peak_mib: mib("VmHWM:")? })
}

fn read(pid: u32, name: &str) -> Result<String, Failure> {
    let path = PathBuf::from(format!("/proc/{pid}/{name}"));
    std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}
