//! Who does at the same time what has a price: so many at most per key, workspace and node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::ids::{KeyId, WorkspaceId};

/// How many places there are.
#[derive(Debug, Clone, Copy)]
struct Most {
    per_key: usize,
    per_workspace: usize,
    per_node: usize,
}

/// For streams.
const STREAMS: Most = Most { per_key: 8, per_workspace: 64, per_node: 256 };
/// For test sends, which no slot bounds: who tests by hand needs one.
const TEST_SENDS: Most = Most { per_key: 4, per_workspace: 4, per_node: 64 };

/// Who has places on this node: how many of which key.
#[derive(Debug, Clone)]
pub struct Places {
    most: Most,
    taken: Arc<Mutex<HashMap<Holder, usize>>>,
}

/// Which key of which workspace.
type Holder = (WorkspaceId, KeyId);

/// One place; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Place(Places, Holder);

/// There is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// For nobody.
    Node,
    /// For this key or workspace.
    Holder,
}

impl Places {
    /// Those of streams, all free.
    pub fn of_streams() -> Self {
        Self { most: STREAMS, taken: Arc::default() }
    }

    /// Those of test sends, all free.
    pub fn of_test_sends() -> Self {
        Self { most: TEST_SENDS, taken: Arc::default() }
    }

    /// Takes a place, if there is one.
    pub(super) fn enter(&self, key: Holder) -> Result<Place, Full> {
        let mut taken = self.lock();
        if taken.values().sum::<usize>() >= self.most.per_node {
            return Err(Full::Node);
        }
        let of_workspace = taken.iter().filter(|((workspace, _), _)| *workspace == key.0);
        let of_workspace: usize = of_workspace.map(|(_, places)| places).sum();
        let of_key = taken.get(&key).copied().unwrap_or_default();
        if of_key >= self.most.per_key || of_workspace >= self.most.per_workspace {
            return Err(Full::Holder);
        }
        taken.insert(key, of_key + 1);
        Ok(Place(self.clone(), key))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Holder, usize>> {
        // Counting can't panic half-way.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.0.lock();
        if let Some(of_key) = taken.get_mut(&self.1) {
            *of_key -= 1;
            if *of_key == 0 {
                taken.remove(&self.1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_few_and_free_again() {
        for places in [Places::of_streams(), Places::of_test_sends()] {
            let most = places.most;
            let workspace = WorkspaceId::new(1);
            let key = (workspace, KeyId::new(1));
            let mut taken: Vec<Place> = (0..most.per_key).map(|_| places.enter(key).unwrap()).collect();
            assert_eq!(places.enter(key).unwrap_err(), Full::Holder);
            taken.pop();
            taken.push(places.enter(key).unwrap());
            let fill = |workspace: WorkspaceId, n: usize| -> Vec<Place> {
                (0..n).map(|_| places.enter((workspace, KeyId::new(1))).unwrap()).collect()
            };
            // One workspace leaves room for others, however many keys it makes.
            taken.extend(fill(workspace, most.per_workspace - most.per_key));
            assert_eq!(places.enter((workspace, KeyId::new(1))).unwrap_err(), Full::Holder);
            for n in 1..most.per_node / most.per_workspace {
                taken.extend(fill(WorkspaceId::new(1 + n as i64), most.per_workspace));
            }
            let late = (WorkspaceId::new(9), KeyId::new(1));
            assert_eq!(places.enter(late).unwrap_err(), Full::Node);
            drop(taken);
            assert!(places.lock().is_empty());
        }
    }
}
