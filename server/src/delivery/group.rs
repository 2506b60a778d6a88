//! Group commit: what arrives while a commit runs shares the next one. Nothing waits on a timer.

use tokio::sync::mpsc::Receiver;

/// How many rows, and how many bytes of bodies, share a commit at most.
const MAX_ROWS: usize = 2000;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What an item weighs in a group.
pub(super) struct Weight {
    pub rows: usize,
    pub bytes: usize,
}

/// The next group: one item as soon as there is one, and all that already wait behind it, within bounds.
/// `None` when no sender is left.
pub(super) async fn next<T>(items: &mut Receiver<T>, weigh: impl Fn(&T) -> Weight) -> Option<Vec<T>> {
    let mut item = items.recv().await?;
    let (mut group, mut rows, mut bytes) = (Vec::new(), 0, 0);
    loop {
        let weight = weigh(&item);
        rows += weight.rows;
        bytes += weight.bytes;
        group.push(item);
        if rows >= MAX_ROWS || bytes >= MAX_BYTES {
            return Some(group);
        }
        let Ok(waiting) = items.try_recv() else { return Some(group) };
        item = waiting;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn a_group_is_what_waits_within_bounds() {
        let (tx, mut rx) = mpsc::channel(16);
        for bytes in [1, 2, MAX_BYTES, 3] {
            tx.send(bytes).await.unwrap();
        }
        drop(tx);
        let weigh = |bytes: &usize| Weight { rows: 1, bytes: *bytes };
        assert_eq!(next(&mut rx, weigh).await, Some(vec![1, 2, MAX_BYTES]));
        assert_eq!(next(&mut rx, weigh).await, Some(vec![3]));
        assert_eq!(next(&mut rx, weigh).await, None);
    }
}
