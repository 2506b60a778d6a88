//! The store suite: what every database must do. A case knows only the [`base::Base`] that it is given, and runs once
//! per backend.
//!
//! [`record`] is the way in, [`claim`] and [`lease`] are the queue, [`finish`] is the way out; [`resend`] and [`erase`]
//! are what becomes of history.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

mod base;
mod claim;
mod erase;
mod explain;
mod finish;
mod lease;
mod model;
mod record;
mod resend;

/// Runs the cases on both backends.
macro_rules! suite {
    ($($cases:tt)*) => {
        on! { sqlite: $($cases)* }
        on! { postgres: $($cases)* }
    };
}

/// Runs the cases on a backend.
macro_rules! on {
    ($backend:ident: $($topic:ident { $($case:ident)* })*) => {
        mod $backend {
            $(mod $topic {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        if let Some(base) = crate::base::Base::$backend().await {
                            crate::$topic::$case(&base).await;
                        }
                    }
                )*
            })*
        }
    };
}

suite! {
    record {
        events_and_deliveries_are_recorded_together
        a_refused_request_costs_the_others_nothing
        a_failed_group_leaves_nothing
        a_key_is_good_for_one_request_within_a_group
        a_key_is_good_for_one_request_across_groups
        a_key_used_by_many_at_once_records_once
        a_key_is_forgotten_after_72_hours
        fan_out_reads_the_subscriptions_of_the_moment
    }
    claim {
        eight_workers_claim_two_thousand_deliveries_once_each
        only_what_is_due_is_claimed_earliest_first
        each_lane_gets_what_it_was_wanted_to
        paused_and_deleted_lanes_are_not_claimed
        a_claim_holds_what_a_send_needs
        an_unreadable_row_keeps_no_other_waiting
    }
    lease {
        nobody_claims_what_is_leased
        who_lost_the_lease_writes_nothing
        a_lapsed_lease_that_nobody_took_still_writes
        an_older_claim_of_the_same_owner_writes_nothing
        a_release_costs_no_attempt
        who_lost_the_lease_releases_nothing
        a_start_frees_every_lease_of_a_file
    }
    finish {
        a_group_of_mixed_outcomes_is_answered_in_order
        the_first_attempt_stands_with_the_delivery_and_the_others_after_it
        a_step_of_the_schedule_is_used_up_by_each_retry
        foreign_bytes_are_kept_as_they_are
        what_was_never_sent_is_listed_too
    }
    resend {
        a_finished_delivery_is_queued_again
        a_waiting_delivery_is_due_at_once
        a_delivery_that_is_being_sent_is_left_alone
        all_that_failed_since_a_time_are_queued_and_no_other
        what_was_queued_is_told_when_the_rest_can_not_be
    }
    explain {
        hot_statements_seek_over_the_intended_index
    }
    erase {
        a_deleted_webhook_leaves_no_row_anywhere
        an_outcome_that_comes_after_the_erasure_writes_nothing
        a_test_send_that_ends_after_the_deletion_writes_nothing
    }
}
