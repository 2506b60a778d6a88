//! What the disk takes for an fsync.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use crate::Failure;
use crate::stats::Times;

const BLOCK: [u8; 4096] = [0x5a; 4096];
/// The blocks of the file that are written in turn. They exist before, as those of a write-ahead log do once it went
/// round.
const BLOCKS: u64 = 256;

/// The time of writing 4 KiB and `fdatasync`, to a file in `folder`.
pub(crate) fn fsync(folder: &Path, writes: u64) -> Result<Times, Failure> {
    let file = File::options().create_new(true).write(true).open(folder.join("fsync"))?;
    for block in 0..BLOCKS {
        file.write_all_at(&BLOCK, block * 4096)?;
    }
    file.sync_all()?;
    let mut times = Vec::new();
    for write in 0..writes {
        let began = Instant::now();
        file.write_all_at(&BLOCK, write % BLOCKS * 4096)?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    std::fs::remove_file(folder.join("fsync"))?;
    Ok(Times::of(times))
}
