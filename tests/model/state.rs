//! What there is at one moment: the database, the nodes, and what is on the way between them.

use crate::rules::{Bounds, Budget};

/// A start of a process. A node that runs is named by its place; higher numbers are starts that ended.
pub(crate) type Owner = u8;

/// A lease, as the node that took it knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Claim {
    pub(crate) delivery: usize,
    pub(crate) epoch: u8,
    /// Which attempt it is for; the first is 1.
    pub(crate) number: u8,
    /// For the properties alone: which of the delivery's rows it is of.
    pub(crate) life: u8,
}

/// A row of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Row {
    /// Ticks until it is due, or until its lease lapses.
    pub(crate) due_in: u8,
    pub(crate) owner: Option<Owner>,
    pub(crate) epoch: u8,
    /// For the properties alone: it is new after each resend.
    pub(crate) life: u8,
}

/// All that the database holds of one delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Delivery {
    pub(crate) row: Option<Row>,
    /// The row as it is on disk, where that is another.
    pub(crate) on_disk: Option<Row>,
    /// Attempts that the history counts.
    pub(crate) attempts: u8,
    /// Whether the history says that it succeeded, or failed for good.
    pub(crate) finished: bool,
    /// For the properties alone: the publisher was told 202.
    pub(crate) accepted: bool,
    /// For the properties alone: a bit per claim whose outcome was written.
    pub(crate) written: u32,
}

/// What a node does for one delivery. All but `Parked` take a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Work {
    /// It holds the lease and has not sent. `left` is what it measures to be left of the lease, from before it asked
    /// for it; `drifted` says that its clock has lost its tick.
    Held { claim: Claim, left: u8, drifted: bool },
    /// It has looked whether the lease is long enough, and was frozen before it sent. (Else it sends at once.)
    Checked { claim: Claim },
    /// The request is out. `left` is the time until it times out; `frozen` says that the node was frozen since its check.
    Sending { claim: Claim, left: u8, drifted: bool, frozen: bool },
    /// The outcome is known, and not known to be written.
    Ended { claim: Claim, write: Write },
    /// It was recorded with a lease though there was no slot for it. Only when the rules let it.
    Parked { claim: Claim },
}

/// What a node asks the database to write under a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Write {
    /// Handed back unsent.
    Release,
    /// Another attempt follows.
    Again { due_in: u8 },
    /// It succeeded, or failed for good.
    Finish,
}

/// A write that its node no longer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Message {
    pub(crate) owner: Owner,
    pub(crate) claim: Claim,
    pub(crate) write: Write,
}

/// A node, which forgets all of this when it crashes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node {
    pub(crate) work: Vec<Work>,
    pub(crate) frozen: bool,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) nodes: Vec<Node>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) wire: Vec<Message>,
    pub(crate) budget: Budget,
    /// For the properties alone: something was written for somebody who did not hold the lease.
    pub(crate) foreign_write: bool,
}

impl Claim {
    pub(crate) fn bit(self) -> u32 {
        1 << (16 * self.life + self.epoch)
    }
}

impl Work {
    pub(crate) fn claim(self) -> Claim {
        match self {
            Self::Held { claim, .. }
            | Self::Checked { claim }
            | Self::Sending { claim, .. }
            | Self::Ended { claim, .. }
            | Self::Parked { claim } => claim,
        }
    }

    /// A tick of the node's clock; `slow` if the clock loses it, which it does once per lease.
    pub(crate) fn tick(&mut self, slow: bool) {
        if let Self::Held { left, drifted, .. } | Self::Sending { left, drifted, .. } = self {
            if slow && !*drifted {
                *drifted = true;
            } else {
                *left = left.saturating_sub(1);
            }
        }
    }
}

impl Node {
    pub(crate) fn has_slot(&self, slots: usize) -> bool {
        self.work.iter().filter(|work| !matches!(work, Work::Parked { .. })).count() < slots
    }
}

impl State {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        Self {
            nodes: vec![Node::default(); bounds.nodes],
            deliveries: vec![Delivery::default(); bounds.deliveries],
            wire: Vec::new(),
            budget: bounds.budget,
            foreign_write: false,
        }
    }

    /// Every mention of an owner.
    fn owners(&mut self) -> impl Iterator<Item = &mut Owner> {
        let rows = self.deliveries.iter_mut().flat_map(|it| [it.row.as_mut(), it.on_disk.as_mut()]);
        rows.filter_map(|row| row?.owner.as_mut())
            .chain(self.wire.iter_mut().map(|message| &mut message.owner))
    }

    /// Everything is on disk.
    pub(crate) fn flush(&mut self) {
        self.deliveries.iter_mut().for_each(|it| it.on_disk = None);
    }

    /// Gives what the node owned to an owner that is nobody.
    pub(crate) fn bury(&mut self, node: usize) {
        let nodes = self.nodes.len() as Owner;
        let grave = self.owners().map(|owner| *owner + 1).fold(nodes, Owner::max);
        for owner in self.owners().filter(|owner| usize::from(**owner) == node) {
            *owner = grave;
        }
    }

    /// The same state, whichever node is called which: nodes are alike, so one order of them stands for all.
    pub(crate) fn canonical(mut self) -> Self {
        for node in &mut self.nodes {
            node.work.sort_unstable();
        }
        let nodes = self.nodes.len();
        let owns = |node: usize| {
            let of = self.deliveries.iter().map(|delivery| delivery.row.and_then(|row| row.owner));
            of.map(|owner| owner == Some(node as Owner)).collect::<Vec<_>>()
        };
        let mut order: Vec<usize> = (0..nodes).collect();
        order.sort_by_cached_key(|&node| (self.nodes[node].clone(), owns(node)));
        let mut names: Vec<Owner> = order.iter().map(|&node| node as Owner).collect();
        self.nodes = order.iter().map(|&node| std::mem::take(&mut self.nodes[node])).collect();
        for owner in self.owners() {
            let known = names.iter().position(|name| name == owner);
            let name = known.unwrap_or_else(|| {
                names.push(*owner);
                names.len() - 1
            });
            *owner = name as Owner;
        }
        self.wire.sort_unstable();
        self
    }
}
