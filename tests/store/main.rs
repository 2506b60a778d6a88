//! The store suite: what every database must do. A case knows only the [`base::Base`] that it is given, and runs once
//! per backend.
//!
//! [`record`] is the way in, [`warm`] the short one; [`claim`], [`lease`] and [`limit`] are the queue, [`finish`] is the
//! way out and [`verdict`] what it says of a webhook, [`notices`] who hears of it; [`resend`], [`missed`], [`erase`] and [`retention`] are what becomes
//! of history; [`session`] is who is signed in, [`rekey`] who can still write secrets, [`stats`] how it went, [`arrivals`] what comes; [`sample`] is what metrics ask, [`growth`] what SQLite has besides, [`nodes`] what PostgreSQL has.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

mod arrivals;
mod base;
mod claim;
mod erase;
mod explain;
mod finish;
mod growth;
mod lease;
mod limit;
mod missed;
mod model;
mod nodes;
mod notices;
mod record;
mod rekey;
mod resend;
mod retention;
mod sample;
mod session;
mod stats;
mod verdict;
mod warm;

/// Runs cases on both backends, and some on one only.
macro_rules! suite {
    (both { $($both:tt)* } sqlite { $($sqlite:tt)* } postgres { $($postgres:tt)* }) => {
        mod sqlite {
            on! { sqlite: $($both)* $($sqlite)* }
        }
        mod postgres {
            on! { postgres: $($both)* $($postgres)* }
        }
    };
}

/// Runs the cases on a backend.
macro_rules! on {
    ($backend:ident: $($topic:ident { $($case:ident)* })*) => {
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
    };
}

suite! { both {
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
    sample {
        the_queue_is_counted_a_part_at_a_time
    }
    session {
        a_session_lasts_as_long_as_it_is_used_and_its_key_is_good
        an_ended_session_is_erased
        a_key_has_so_many_sessions
    }
    stats {
        counts_add_up_by_minute_and_by_hour
        counts_of_a_deleted_webhook_are_dropped
        counts_go_when_they_are_old
        a_webhook_at_a_glance
        the_newest_are_seen_without_their_bodies
    }
    arrivals {
        all_that_has_come_is_seen_wherever_it_stands
    }
    erase {
        a_deleted_webhook_leaves_no_row_anywhere
        an_outcome_that_comes_after_the_erasure_writes_nothing
        a_test_send_that_ends_after_the_deletion_writes_nothing
    }
    warm {
        only_what_is_admitted_is_leased
        what_is_recorded_leased_is_what_a_claim_would_give
        a_warm_claim_is_fenced_like_any_other
        a_lane_that_is_held_back_has_no_warm_path
    }
    limit {
        a_rate_is_never_exceeded_and_never_wasted
        nodes_that_ask_at_once_share_a_rate
    }
    verdict {
        one_slow_answer_keeps_the_whole_lane_closed
        what_is_gone_is_switched_off_and_says_why
        failing_for_too_long_switches_off_and_one_success_begins_anew
        switched_on_again_it_is_not_slow_any_more
        a_group_with_a_success_is_a_success
        a_success_ends_a_failure_that_it_did_not_know_of
        who_lost_the_lease_judges_nothing
    }
    notices {
        what_is_switched_off_and_works_again_is_noticed_once
        a_lost_lease_notices_nothing
        a_notice_is_sent_by_one_node_until_it_arrived
        old_notices_are_not_sent_and_go_at_last
    }
    missed {
        what_was_missed_is_sent_whatever_the_reason
        more_than_one_part_is_sent
        an_event_has_one_delivery_per_webhook
    }
    rekey {
        nothing_is_kept_under_a_key_that_was_replaced
    }
    retention {
        what_is_old_goes_in_small_steps_and_nothing_else
        what_waits_expires_first
    }
}
sqlite {
    growth {
        a_file_under_steady_load_stops_growing
    }
}
postgres {
    nodes {
        leases_go_by_the_clock_of_the_database
        a_collision_is_tried_again
        a_collision_of_outcomes_is_tried_again
        the_same_keys_in_another_order_do_not_deadlock
        a_signal_is_heard_by_the_others
        a_resend_beside_an_outcome_goes_on_from_it
        what_is_sent_just_now_was_not_missed
        a_commit_whose_answer_is_lost_is_found_out
        a_session_brings_its_own_settings
        autovacuum_goes_by_the_tables_own_settings
        only_one_node_keeps_house
        a_secret_is_kept_before_the_key_is_replaced_or_not_at_all
    }
} }
