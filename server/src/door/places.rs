//! How many connections there are, and whose.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::Limits;
use crate::metrics::METRICS;

/// The places of a node. They are counted when a connection begins and ends, never in between.
#[derive(Debug, Clone)]
pub(super) struct Places {
    all: usize,
    per_address: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// A connection's place; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Place(Places, Option<IpAddr>);

/// There is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// For nobody.
    Node,
    /// For this address.
    Address,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { all: limits.connections, per_address: limits.per_address, taken: Arc::default() }
    }

    /// A place for a connection from `address`; none is a trusted proxy, which speaks for many.
    pub(super) fn take(&self, address: Option<IpAddr>) -> Result<Place, Full> {
        let mut taken = self.lock();
        if taken.all >= self.all {
            METRICS.refused("node");
            return Err(Full::Node);
        }
        if let Some(address) = address {
            let of = taken.of.entry(address).or_default();
            if *of >= self.per_address {
                METRICS.refused("address");
                return Err(Full::Address);
            }
            *of += 1;
        }
        taken.all += 1;
        METRICS.connections.inc();
        Ok(Place(self.clone(), address))
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Counting can't panic half-way.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.0.lock();
        taken.all -= 1;
        METRICS.connections.dec();
        if let Some(address) = self.1
            && let Some(of) = taken.of.get_mut(&address)
        {
            *of -= 1;
            if *of == 0 {
                taken.of.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_room_for_others_and_a_proxy_has_as_many_as_there_are() {
        let limits = Limits { connections: 5, per_address: 2, ..Limits::of_this_process() };
        let places = Places::new(&limits);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| Some(address.parse().unwrap()));
        let mut taken = vec![places.take(one).unwrap(), places.take(one).unwrap()];
        assert_eq!(places.take(one).unwrap_err(), Full::Address);
        taken.push(places.take(other).unwrap());
        taken.extend([places.take(None).unwrap(), places.take(None).unwrap()]);
        assert_eq!(places.take(None).unwrap_err(), Full::Node);
        assert_eq!(places.take(other).unwrap_err(), Full::Node);
        taken.remove(0);
        taken.push(places.take(one).unwrap());
        drop(taken);
        let left = places.lock();
        assert!(left.all == 0 && left.of.is_empty(), "{left:?}");
    }
}
