//! Which deliveries have come: after a break, the server tells the last of them again.

use std::collections::{HashSet, VecDeque};

/// How many are remembered: more than 30 seconds bring, below some 3,000 a second.
const REMEMBERED: usize = 100_000;

/// The last deliveries that have come.
#[derive(Debug, Default)]
pub(super) struct Seen {
    ids: HashSet<String>,
    order: VecDeque<String>,
    newest: Option<String>,
    began: Option<String>,
}

impl Seen {
    /// Notes a delivery. Answers whether it is new.
    pub(super) fn note(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        // Ids sort as their events were accepted; one that comes late is not where to go on.
        if self.newest.as_deref().is_none_or(|newest| newest < id) {
            self.newest = Some(id.to_owned());
        }
        true
    }

    /// Where to go on.
    pub(super) fn last(&self) -> Option<&str> {
        self.newest.as_deref()
    }

    /// A stream has begun, which tells from a time on.
    pub(super) fn begin(&mut self, since: String) {
        self.began.get_or_insert(since);
    }

    /// From when on the first stream told, if one has begun.
    pub(super) fn began(&self) -> Option<&str> {
        self.began.as_deref()
    }

    /// Whether none has, ever.
    pub(super) fn is_new(&self) -> bool {
        self.began.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_come_is_known_and_the_newest_is_where_to_go_on() {
        let mut seen = Seen::default();
        assert!(seen.note("b") && seen.note("a") && !seen.note("b"));
        assert_eq!(seen.last(), Some("b"));
        for n in 0..REMEMBERED {
            assert!(seen.note(&format!("c{n:06}")));
        }
        assert!(seen.note("a"), "it is long ago");
        assert_eq!((seen.ids.len(), seen.order.len()), (REMEMBERED, REMEMBERED));
    }
}
