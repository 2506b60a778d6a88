//! How far a listener has heard. A delivery may be there later than one with a newer id, so the newest stretch is compared
//! again and again; what lies before it is read once.

use std::collections::BTreeSet;

use crate::model::ids::DeliveryId;

/// How long an id may be older than the moment at which its row is there: a slow commit, or a node whose clock is behind.
pub(super) const LATE_MS: i64 = 30_000;
/// How many deliveries of that time are compared: of a busier workspace, only the newest.
const COMPARED: usize = 10_000;
/// How many are told at once.
pub(super) const PAGE: usize = 32;

/// How far it has heard.
#[derive(Debug)]
pub(super) struct Heard {
    /// All that is older has been told.
    from: DeliveryId,
    /// What has been told from there on.
    told: BTreeSet<DeliveryId>,
}

impl Heard {
    /// Nothing yet, from this id on.
    pub(super) fn from(from: DeliveryId) -> Self {
        Self { from, told: BTreeSet::new() }
    }

    /// From which id on is read, and how many at most.
    pub(super) fn next(&self, now_ms: i64) -> (DeliveryId, usize) {
        (self.from, if self.is_far(now_ms) { PAGE } else { COMPARED + PAGE })
    }

    /// Whether it is so far back that most of a page does not change any more. The time between keeps it from reading the
    /// same page again while nothing but the clock has moved.
    fn is_far(&self, now_ms: i64) -> bool {
        self.from < DeliveryId::floor(now_ms - 2 * LATE_MS)
    }

    /// Which of what was read as of `now_ms` are told now: the oldest that are `wanted` and were not told. Answers whether
    /// there may be more.
    pub(super) fn take<'a, T>(
        &mut self,
        read: &'a [T],
        id: impl Fn(&T) -> DeliveryId,
        wanted: impl Fn(&T) -> bool,
        now_ms: i64,
    ) -> (Vec<&'a T>, bool) {
        let (_, limit) = self.next(now_ms);
        let late = DeliveryId::floor(now_ms - LATE_MS);
        let mut page: Vec<&T> =
            read.iter().filter(|one| wanted(one) && !self.told.contains(&id(one))).collect();
        let is_all = page.len() <= PAGE;
        page.truncate(PAGE);
        self.told.extend(page.iter().map(|one| id(one)));
        self.from = self.from.max(match read.last() {
            Some(last) if limit == PAGE && read.len() == limit => id(last).min(late),
            // Of more than are compared, the oldest have been told.
            Some(_) if read.len() > COMPARED => id(&read[read.len() - COMPARED]),
            _ if is_all => late,
            _ => self.from,
        });
        self.told = self.told.split_off(&self.from);
        (page, !is_all || read.len() == limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks until there is no more, a millisecond later each time. Answers what was told, and after how many looks.
    fn hear(heard: &mut Heard, there: &[DeliveryId], now_ms: &mut i64) -> (Vec<DeliveryId>, usize) {
        let mut told = Vec::new();
        for looks in 1..1000 {
            *now_ms += 1;
            let (from, limit) = heard.next(*now_ms);
            let read = &there[there.partition_point(|id| *id < from)..];
            let (page, more) = heard.take(&read[..read.len().min(limit)], |id| *id, |_| true, *now_ms);
            told.extend(page);
            if !more {
                return (told, looks);
            }
        }
        panic!("it looks for ever");
    }

    #[test]
    fn a_burst_is_told_at_once_however_long_nothing_came() {
        let start = 1_800_000_000_000;
        for quiet_ms in [0, LATE_MS - 1, LATE_MS + 500, 10 * LATE_MS] {
            let mut heard = Heard::from(DeliveryId::floor(start));
            let mut now_ms = start;
            while now_ms < start + quiet_ms {
                now_ms += 499;
                hear(&mut heard, &[], &mut now_ms);
            }
            let burst: Vec<DeliveryId> = (0..1000).map(|n| DeliveryId::floor(now_ms + n)).collect();
            now_ms += 1000;
            let (told, looks) = hear(&mut heard, &burst, &mut now_ms);
            assert!(told == burst && looks <= 33, "after {quiet_ms} ms: {} in {looks} looks", told.len());
        }
    }

    #[test]
    fn from_far_back_each_is_told_once_and_a_late_one_too() {
        let now = 1_800_000_000_000;
        let mut there: Vec<DeliveryId> = (0..5_000).map(|n| DeliveryId::floor(now - n * 100)).rev().collect();
        let (mut heard, mut now_ms) = (Heard::from(DeliveryId::floor(0)), now);
        let (told, _) = hear(&mut heard, &there, &mut now_ms);
        assert_eq!(told, there);
        let late = DeliveryId::floor(now - LATE_MS / 2 + 50);
        there.insert(there.partition_point(|id| *id < late), late);
        assert_eq!(hear(&mut heard, &there, &mut now_ms).0, [late]);
    }

    #[test]
    fn of_a_flood_each_is_told_once() {
        let now = 1_800_000_000_000;
        let flood: Vec<DeliveryId> = (0..11_000).map(|n| DeliveryId::floor(now - 11_000 + n)).collect();
        let mut heard = Heard::from(DeliveryId::floor(now - LATE_MS));
        assert_eq!(hear(&mut heard, &flood, &mut now.clone()).0, flood);
    }
}
