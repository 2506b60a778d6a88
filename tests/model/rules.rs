//! The rules that nodes keep, each of which can be taken away, and how far the checker looks.
//!
//! Time is counted in whole ticks. What matters is how the figures stand to each other, as in the server: a lease
//! covers a request and the margin with room to spare, and the margin is more than a clock can drift.

/// How long a lease lasts, by the database's clock.
pub(crate) const LEASE: u8 = 4;
/// How long a request may take, by the clock of the node that makes it.
pub(crate) const TIMEOUT: u8 = 1;
/// When the next attempt follows, if it does not follow at once.
pub(crate) const RETRY: u8 = 2;
/// How far a node's wall clock is ahead or behind, at most.
pub(crate) const SKEW: i8 = 3;

/// What a write must match, so that whoever lost a lease writes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fence {
    /// Owner, epoch, and how many attempts there were.
    Whole,
    /// Enough as long as nothing is resent: a new row's epochs begin again.
    OwnerAndEpoch,
    Owner,
    Epoch,
    Nothing,
}

/// Whose clock says that a lease has lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    Database,
    Node,
}

/// The protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) fence: Fence,
    pub(crate) clock: Clock,
    /// A send starts only if what is left of the lease covers [`TIMEOUT`] and `margin`.
    pub(crate) check: bool,
    /// A node's clock loses a tick per lease, at most: the margin must be more.
    pub(crate) margin: u8,
    /// A delivery is recorded with a lease only if it has a free slot.
    pub(crate) slot_for_warm: bool,
    /// A lease that lapsed is free, whoever held it.
    pub(crate) lapse: bool,
    /// A claimed row stays in the queue until its delivery is finished.
    pub(crate) keep_row: bool,
    /// A node's monotonic clock goes on while it is frozen, as for a stopped process. It stands still in a machine
    /// that is suspended.
    pub(crate) clock_runs_frozen: bool,
}

impl Rules {
    /// The protocol as it should be.
    pub(crate) const WHOLE: Self = Self {
        fence: Fence::Whole,
        clock: Clock::Database,
        check: true,
        margin: 2,
        slot_for_warm: true,
        lapse: true,
        keep_row: true,
        clock_runs_frozen: true,
    };
}

/// How much there is, and how often things go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) nodes: usize,
    /// Deliveries that a node works on at once.
    pub(crate) slots: usize,
    pub(crate) deliveries: usize,
    /// Attempts after which a delivery has failed for good.
    pub(crate) attempts: u8,
    /// Leases of one delivery: the checker looks no further.
    pub(crate) epochs: u8,
    pub(crate) budget: Budget,
}

/// What may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Budget {
    pub(crate) crashes: u8,
    /// Times that a node stands still, for as long as you like, and then goes on.
    pub(crate) freezes: u8,
    /// Requests to the database that a node gives up on. They arrive late, or never.
    pub(crate) lost: u8,
    /// Crashes of the database. Claims and releases do not wait for the disk: those since the last commit that did, or
    /// the last tick, are forgotten.
    pub(crate) outages: u8,
    /// Times that a delivery is asked for again that was finished.
    pub(crate) resends: u8,
}
