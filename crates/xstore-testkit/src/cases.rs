//! The cases: one function each, by subject. Each has a fixture for itself and says in its first sentence what it
//! proves.

#![expect(
    clippy::missing_errors_doc,
    reason = "all fail alike: where the backend breaks what the case proves"
)]

pub mod cancel;
pub mod concurrency;
pub mod conditional;
pub mod delete;
pub mod facts;
pub mod keys;
pub mod limits;
pub mod list;
mod prelude;
pub mod read;
pub mod reopen;
pub mod root;
pub mod write;

/// Calls a macro with all cases by subject: the only list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __for_each_case {
    ([$($callback:tt)*]) => {
        $($callback)* ! {
            read: [
                a_value_comes_back,
                a_missing_value_is_not_found,
                max_may_be_exactly_the_length,
                more_than_max_is_too_large,
                max_may_be_zero,
                max_may_be_the_largest_number,
                ranges_at_every_edge,
                ranges_up_to_the_largest_number,
                a_range_turned_round_is_empty,
                a_range_of_a_missing_value_is_not_found,
                ranges_put_together_are_the_value,
                a_range_is_of_the_newest_value,
                stat_tells_the_size,
                stat_of_a_missing_value_is_not_found,
                stat_follows_a_replacement,
                what_was_read_stays,
                reading_again_gives_the_same,
            ]
            write: [
                the_empty_value,
                one_byte,
                values_are_not_interpreted,
                one_mebibyte,
                eight_mebibytes,
                many_pieces_are_one_value,
                no_pieces_are_the_empty_value,
                a_replacement_is_complete,
                a_replacement_may_be_the_same,
                a_payload_can_be_put_again,
                equal_values_are_two,
                each_key_has_its_own_value,
                a_ttl_leaves_the_value_until_then,
                ttls_have_no_bad_lengths,
                a_replacement_without_ttl_stays,
            ]
            conditional: [
                create_only_creates,
                a_refusal_says_that_it_exists,
                a_refusal_leaves_the_old_value,
                equal_bytes_are_refused_too,
                the_empty_value_exists,
                a_put_value_exists,
                a_deleted_value_can_be_created_anew,
                a_created_value_can_be_replaced,
                a_ttl_changes_nothing_about_it,
                other_keys_are_free,
                a_refusal_leaves_no_name,
            ]
            delete: [
                a_deleted_value_is_gone,
                a_missing_value_can_be_deleted,
                deleting_again_is_fine,
                a_put_after_a_deletion,
                neighbours_stay,
                a_missing_neighbour_takes_nothing_with_it,
                an_emptied_folder_can_be_used_again,
                no_older_value_comes_back,
                a_deleted_value_is_not_listed,
                a_large_value_is_gone_too,
            ]
            list: [
                what_cannot_list_says_so,
                nothing_is_an_empty_listing,
                every_key_is_listed_with_its_size,
                all_pages_together_are_all_keys,
                a_prefix_is_whole_segments,
                a_key_is_not_below_itself,
                the_empty_prefix_lists_everything,
                a_listing_follows_replacements,
                a_foreign_cursor_does_no_harm,
                a_page_can_be_asked_for_again,
                listings_do_not_disturb_each_other,
                deleting_while_listing_misses_nothing,
                adding_while_listing_hides_nothing,
                long_keys_are_listed,
            ]
            keys: [
                the_longest_keys,
                the_longest_segment,
                the_deepest_key,
                every_character,
                dots_inside,
                digits_only,
                one_character_makes_the_difference,
                a_key_may_begin_like_another,
                only_slashes_separate,
                escapes_stand_for_themselves,
                no_name_is_taken,
                a_folder_is_no_value,
                nothing_is_below_a_value,
                a_put_below_a_value_spoils_nothing,
            ]
            limits: [
                the_longest_value,
                one_byte_too_many,
                a_replacement_too_long_leaves_the_old_value,
            ]
            concurrency: [
                one_creator_wins,
                one_creator_wins_over_many_handles,
                creators_at_once_leave_a_whole_value,
                a_value_can_be_a_lock,
                replacements_are_seen_whole,
                ranges_are_of_one_value,
                sizes_are_of_one_value,
                different_values_at_once,
                readers_see_all_or_nothing,
                neighbours_come_and_go,
                deletions_at_once_all_succeed,
                many_readers_at_once,
                listings_during_writes_miss_nothing,
            ]
            cancel: [
                a_dropped_put_is_whole_or_nothing,
                a_dropped_replacement_leaves_old_or_new,
                a_dropped_put_locks_nothing,
                a_dropped_put_leaves_no_other_name,
                a_dropped_deletion_is_whole_or_nothing,
                a_dropped_read_does_no_harm,
                a_dropped_listing_does_no_harm,
                many_dropped_at_once_do_no_harm,
            ]
            reopen: [
                values_survive_reopening,
                changes_survive_reopening,
                two_handles_see_each_other,
                two_handles_respect_each_other,
                two_handles_list_the_same,
                two_handles_are_the_same_backend,
            ]
            root: [
                reading_is_unavailable,
                writing_is_unavailable,
                deleting_is_unavailable,
                listing_is_unavailable,
                nothing_is_made_anew,
                all_is_back_with_the_place,
            ]
            facts: [
                id_and_capability_are_constant,
                space_makes_sense,
                errors_carry_their_context,
                lasting_failures_are_not_retryable,
                a_refusal_says_that_nothing_was_written,
                debug_shows_no_values,
                errors_show_no_values,
            ]
        }
    };
}
