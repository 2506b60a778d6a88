//! The transactions: what they do to the database, and to the node that is answered.

use crate::lease::Lease;
use crate::rules::{Fence, LEASE};
use crate::state::{Claim, Message, Row, State, Work, Write};

impl Lease {
    pub(crate) fn record(&self, state: &mut State, node: usize, delivery: usize, warm: bool) {
        let (due_in, owner, epoch) = if warm { (LEASE, Some(node as u8), 1) } else { (0, None, 0) };
        if warm {
            let claim = Claim { delivery, epoch, number: 1, life: 0 };
            let has_slot = state.nodes[node].has_slot(self.bounds.slots);
            let held = Work::Held { claim, left: LEASE, drifted: false };
            state.nodes[node].work.push(if has_slot { held } else { Work::Parked { claim } });
        }
        state.deliveries[delivery].row = Some(Row { due_in, owner, epoch, life: 0 });
        state.deliveries[delivery].accepted = true;
        state.flush();
    }

    pub(crate) fn claim(&self, state: &mut State, node: usize, delivery: usize, skew: i8) {
        let it = &mut state.deliveries[delivery];
        let Some(row) = &mut it.row else { return };
        if state.budget.outages > 0 {
            it.on_disk.get_or_insert(*row);
        }
        (row.due_in, row.owner) = (LEASE.saturating_add_signed(skew), Some(node as u8));
        row.epoch += 1;
        let claim = Claim { delivery, epoch: row.epoch, number: it.attempts + 1, life: row.life };
        if !self.rules.keep_row {
            it.row = None;
        }
        state.nodes[node].work.push(Work::Held { claim, left: LEASE, drifted: false });
    }

    /// One fenced transaction.
    pub(crate) fn write(&self, state: &mut State, message: Message) {
        let Message { owner, claim, write } = message;
        let it = &mut state.deliveries[claim.delivery];
        let Some(row) = &mut it.row else { return };
        let (same_owner, same_epoch) = (row.owner == Some(owner), row.epoch == claim.epoch);
        let held = match self.rules.fence {
            Fence::Whole => same_owner && same_epoch && it.attempts + 1 == claim.number,
            Fence::OwnerAndEpoch => same_owner && same_epoch,
            Fence::Owner => same_owner,
            Fence::Epoch => same_epoch,
            Fence::Nothing => true,
        };
        if !held {
            return;
        }
        state.foreign_write |= !(same_owner && same_epoch && row.life == claim.life);
        if write == Write::Release {
            if state.budget.outages > 0 {
                it.on_disk.get_or_insert(*row);
            }
        } else {
            it.attempts += 1;
            it.written |= claim.bit();
        }
        match write {
            Write::Release => *row = Row { due_in: 0, owner: None, ..*row },
            Write::Again { due_in } => *row = Row { due_in, owner: None, ..*row },
            Write::Finish => {
                it.row = None;
                it.finished = true;
            }
        }
        if write != Write::Release {
            state.flush();
        }
    }

    /// Somebody asks for a finished delivery again: it gets a new row.
    pub(crate) fn resend(state: &mut State, delivery: usize, life: u8) {
        state.budget.resends -= 1;
        let it = &mut state.deliveries[delivery];
        it.row = Some(Row { due_in: 0, owner: None, epoch: 0, life });
        it.finished = false;
        state.flush();
    }

    /// The database crashes, and comes back with what is on disk.
    pub(crate) fn crash(state: &mut State) {
        state.budget.outages -= 1;
        for it in &mut state.deliveries {
            if let Some(row) = it.on_disk.take() {
                it.row = Some(row);
            }
        }
    }
}
