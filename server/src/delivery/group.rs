//! Group commit: what arrives while others write shares the next commit. Nothing waits on a timer.

use tokio::sync::mpsc::Receiver;

/// How many rows, and how many bytes of bodies, share a commit at most.
const MAX_ROWS: usize = 1000;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What an item weighs in a group.
pub(super) struct Weight {
    pub rows: usize,
    pub bytes: usize,
}

/// The first item, and all that wait behind it, within bounds. To be called once it is the caller's turn to write.
pub(super) fn gather<T>(first: T, items: &mut Receiver<T>, weigh: impl Fn(&T) -> Weight) -> Vec<T> {
    let (mut group, mut rows, mut bytes) = (Vec::new(), 0, 0);
    let mut item = first;
    loop {
        let weight = weigh(&item);
        rows += weight.rows;
        bytes += weight.bytes;
        group.push(item);
        if rows >= MAX_ROWS || bytes >= MAX_BYTES {
            return group;
        }
        let Ok(waiting) = items.try_recv() else { return group };
        item = waiting;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[test]
    fn a_group_is_what_waits_within_bounds() {
        let (tx, mut rx) = mpsc::channel(16);
        for bytes in [2, MAX_BYTES, 3] {
            tx.try_send(bytes).unwrap();
        }
        let weigh = |bytes: &usize| Weight { rows: 1, bytes: *bytes };
        assert_eq!(gather(1, &mut rx, weigh), [1, 2, MAX_BYTES]);
        assert_eq!(gather(4, &mut rx, weigh), [4, 3]);
        assert_eq!(gather(5, &mut rx, weigh), [5]);
    }
}
