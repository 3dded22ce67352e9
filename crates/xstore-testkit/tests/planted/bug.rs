//! The bugs, and which cases have to notice each of them.

macro_rules! bugs {
    ($($(#[doc = $doc:literal])* $bug:ident: $($case:literal),+;)+) => {
        /// One bug.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Bug {
            $($(#[doc = $doc])* $bug,)+
        }

        impl Bug {
            /// Each bug with the cases that notice it; there may be more.
            pub(crate) const ALL: &[(Self, &[&str])] = &[$((Self::$bug, &[$($case),+])),+];
        }
    };
}

bugs! {
    // --- reading ---
    /// A missing value is the empty one.
    MissingIsEmpty: "read::a_missing_value_is_not_found";
    /// Values are read up to 64 KiB.
    ReadsOneBuffer: "read::a_value_comes_back", "write::one_mebibyte", "write::eight_mebibytes";
    /// The limit of a get is ignored.
    IgnoresMax: "read::more_than_max_is_too_large", "read::max_may_be_zero";
    /// A value as long as the limit is refused.
    MaxIsExclusive: "read::max_may_be_exactly_the_length", "read::max_may_be_zero";
    /// One more than the limit is computed.
    MaxOverflows: "read::max_may_be_the_largest_number";
    /// The last byte of a range is one too far.
    RangeEndIsInclusive: "read::ranges_at_every_edge";
    /// A range must end within the value.
    RangeBeyondEndFails: "read::ranges_at_every_edge", "read::ranges_up_to_the_largest_number";
    /// Ends of ranges have 32 bits.
    RangeEndIsShort: "read::ranges_up_to_the_largest_number";
    /// A range turned round is turned round once more.
    RangeIsTurned: "read::a_range_turned_round_is_empty";
    /// A range of a missing value is empty.
    RangeOfMissingIsEmpty: "read::a_range_of_a_missing_value_is_not_found";
    /// A range has at most 64 KiB.
    RangeIsOneBuffer: "read::ranges_put_together_are_the_value";
    /// Ranges come from a cache that nobody empties.
    RangeIsCached: "read::a_range_is_of_the_newest_value";
    /// The size is one too large.
    SizeIsOff: "read::stat_tells_the_size";
    /// A missing value has no bytes, says stat.
    SizeOfMissingIsZero: "read::stat_of_a_missing_value_is_not_found";
    /// The size is that of the first value.
    SizeIsCached: "read::stat_follows_a_replacement";
    /// What somebody still reads can't be changed.
    ReadersBlockWriters: "read::what_was_read_stays";
    /// Reading takes the value away.
    ReadsOnce: "read::reading_again_gives_the_same";

    // --- writing ---
    /// An empty value isn't stored.
    EmptyIsNothing: "write::the_empty_value", "write::no_pieces_are_the_empty_value";
    /// White space around a value is cut.
    Trims: "write::values_are_not_interpreted", "write::one_byte";
    /// Only the first piece is stored.
    FirstPieceOnly: "write::many_pieces_are_one_value", "write::a_payload_can_be_put_again";
    /// A shorter value leaves the end of the longer one.
    KeepsTail: "write::a_replacement_is_complete", "conditional::a_created_value_can_be_replaced";
    /// The same value again is refused.
    SameIsRefused: "write::a_replacement_may_be_the_same";
    /// Equal values are stored once and deleted once.
    EqualIsOne: "write::equal_values_are_two";
    /// Keys of the same length are the same.
    KeysAreLengths: "write::each_key_has_its_own_value";
    /// Values with a ttl go at once.
    TtlIsOver: "write::a_ttl_leaves_the_value_until_then";
    /// A long ttl overflows.
    TtlOverflows: "write::ttls_have_no_bad_lengths";
    /// A ttl outlives its value.
    TtlStays: "write::a_replacement_without_ttl_stays";

    // --- create_only ---
    /// Creating says Ok and does nothing.
    CreatesNothing: "conditional::create_only_creates";
    /// The option is ignored.
    CreateOnlyIsIgnored: "conditional::a_refusal_says_that_it_exists", "concurrency::one_creator_wins";
    /// The value is replaced and then refused.
    RefusesTooLate: "conditional::a_refusal_leaves_the_old_value";
    /// Equal bytes are welcome.
    EqualIsWelcome: "conditional::equal_bytes_are_refused_too";
    /// The empty value doesn't exist.
    EmptyDoesNotExist: "conditional::the_empty_value_exists";
    /// Only created values exist.
    PutDoesNotExist: "conditional::a_put_value_exists";
    /// Deleted values still exist.
    DeletedExists: "conditional::a_deleted_value_can_be_created_anew";
    /// A created value can't be replaced.
    CreatedIsFixed: "conditional::a_created_value_can_be_replaced";
    /// With a ttl the option is ignored.
    TtlForgetsCreateOnly: "conditional::a_ttl_changes_nothing_about_it";
    /// A key that begins with another one exists like it.
    ExistsLikeItsFront: "conditional::other_keys_are_free";
    /// A refused value leaves a temporary one.
    RefusalLeavesName: "conditional::a_refusal_leaves_no_name";

    // --- deleting ---
    /// Deleting does nothing.
    DeletesNothing: "delete::a_deleted_value_is_gone", "delete::a_large_value_is_gone_too";
    /// A deleted value is empty.
    DeletedIsEmpty: "delete::a_deleted_value_is_gone";
    /// Deleting what isn't there fails.
    DeleteNotFound: "delete::a_missing_value_can_be_deleted", "delete::deleting_again_is_fine",
        "concurrency::deletions_at_once_all_succeed";
    /// A put after a deletion stays unseen.
    DeletedStaysDeleted: "delete::a_put_after_a_deletion";
    /// All keys that begin like the key are deleted.
    DeletesByFront: "delete::neighbours_stay", "delete::a_missing_neighbour_takes_nothing_with_it",
        "keys::a_folder_is_no_value";
    /// A folder that lost its last value is gone for good.
    FolderIsGone: "delete::an_emptied_folder_can_be_used_again", "concurrency::neighbours_come_and_go";
    /// Deleting brings back the value before.
    OlderComesBack: "delete::no_older_value_comes_back";
    /// A deleted value is still listed.
    DeletedIsListed: "delete::a_deleted_value_is_not_listed";

    // --- listing ---
    /// What can't list shows nothing.
    UnsupportedIsEmpty: "list::what_cannot_list_says_so";
    /// Nothing below a prefix is an error.
    NothingIsAnError: "list::nothing_is_an_empty_listing";
    /// No sizes in listings.
    ListedSizeIsZero: "list::every_key_is_listed_with_its_size", "list::a_listing_follows_replacements";
    /// The last key of a full page is dropped.
    DropsLastOfPage: "list::all_pages_together_are_all_keys";
    /// The second page is the last one.
    DropsPages: "list::all_pages_together_are_all_keys", "list::deleting_while_listing_misses_nothing";
    /// A prefix is text.
    PrefixIsText: "list::a_prefix_is_whole_segments", "list::a_key_is_not_below_itself";
    /// The empty prefix has no keys.
    EmptyPrefixIsEmpty: "list::the_empty_prefix_lists_everything";
    /// Behind a cursor, the prefix is forgotten.
    CursorForgetsPrefix: "list::a_foreign_cursor_does_no_harm";
    /// A cursor that makes no sense begins anew, each time.
    ForeignCursorIsEndless: "list::a_foreign_cursor_does_no_harm";
    /// A cursor that makes no sense panics.
    ForeignCursorPanics: "list::a_foreign_cursor_does_no_harm";
    /// A cursor works once.
    CursorWorksOnce: "list::a_page_can_be_asked_for_again";
    /// All listings have one position.
    OneListingOnly: "list::listings_do_not_disturb_each_other";
    /// A cursor counts keys.
    CursorCounts: "list::deleting_while_listing_misses_nothing";
    /// A cursor counts keys from the end.
    CursorCountsFromEnd: "list::adding_while_listing_hides_nothing";
    /// Keys of more than 255 bytes are not listed.
    LongIsNotListed: "list::long_keys_are_listed", "keys::the_longest_keys", "keys::the_deepest_key";

    // --- keys ---
    /// Keys end after 255 bytes.
    KeysAreCut: "keys::the_longest_keys";
    /// Segments end after 100 bytes.
    SegmentsAreCut: "keys::the_longest_segment";
    /// No more than 64 folders in each other.
    DepthIsLimited: "keys::the_deepest_key";
    /// `_` and `-` are the same.
    UnderscoreIsDash: "keys::every_character";
    /// What follows a dot is dropped.
    ExtensionIsDropped: "keys::dots_inside", "keys::no_name_is_taken";
    /// Digits are numbers.
    DigitsAreNumbers: "keys::digits_only";
    /// The last character makes no difference.
    LastIsIgnored: "keys::one_character_makes_the_difference";
    /// The first key that begins like this one is taken.
    FindsByFront: "keys::a_key_may_begin_like_another";
    /// Slashes are stored as dashes.
    SlashIsDash: "keys::only_slashes_separate";
    /// `-2f` is a slash.
    Unescapes: "keys::escapes_stand_for_themselves";
    /// What ends like a temporary file is not listed.
    TemporaryIsHidden: "keys::no_name_is_taken";
    /// The front of a key is an empty value.
    FolderIsEmptyValue: "keys::a_folder_is_no_value";
    /// Below a value nothing can be asked.
    BelowValueIsOdd: "keys::nothing_is_below_a_value";
    /// A put below a value takes its place.
    PutTakesThePlace: "keys::a_put_below_a_value_spoils_nothing";

    // --- limits ---
    /// Every length is taken.
    IgnoresMaxPut: "limits::one_byte_too_many", "limits::a_replacement_too_long_leaves_the_old_value";
    /// The longest value is refused.
    MaxPutIsExclusive: "limits::the_longest_value";
    /// What is too long is stored as far as it fits.
    TooLongIsCut: "limits::one_byte_too_many";
    /// The old value goes before the new one is refused.
    TooLongDeletes: "limits::a_replacement_too_long_leaves_the_old_value";

    // --- many at once ---
    /// Looks whether there is a value, and then creates it.
    LooksThenCreates: "concurrency::one_creator_wins", "concurrency::a_value_can_be_a_lock";
    /// Each handle knows only its own creations.
    CreatesPerHandle: "concurrency::one_creator_wins_over_many_handles", "reopen::two_handles_respect_each_other";
    /// A value is written in two steps.
    WritesInSteps: "concurrency::replacements_are_seen_whole", "concurrency::ranges_are_of_one_value",
        "concurrency::sizes_are_of_one_value", "concurrency::readers_see_all_or_nothing",
        "cancel::a_dropped_put_is_whole_or_nothing";
    /// Looks whether there is a value, and then appends to it.
    LooksThenAppends: "concurrency::creators_at_once_leave_a_whole_value";
    /// A range is read in two steps.
    ReadsInSteps: "concurrency::ranges_are_of_one_value";
    /// A replacement deletes first.
    DeletesFirst: "concurrency::replacements_are_seen_whole", "cancel::a_dropped_replacement_leaves_old_or_new";
    /// Everything is read, changed and written back.
    WritesEverythingBack: "concurrency::different_values_at_once";
    /// No more than four readers.
    FewReaders: "concurrency::many_readers_at_once";
    /// During a write nothing is listed.
    WritesHideKeys: "concurrency::listings_during_writes_miss_nothing";

    // --- dropped futures ---
    /// A lock that a dropped put keeps.
    PutKeepsLock: "cancel::a_dropped_put_locks_nothing";
    /// A temporary name that a dropped put leaves.
    PutLeavesName: "cancel::a_dropped_put_leaves_no_other_name";
    /// A value is deleted in two steps.
    DeletesInSteps: "cancel::a_dropped_deletion_is_whole_or_nothing";
    /// A lock that a dropped read keeps.
    ReadKeepsLock: "cancel::a_dropped_read_does_no_harm";
    /// A lock that a dropped listing keeps.
    ListKeepsLock: "cancel::a_dropped_listing_does_no_harm";
    /// Dropped operations never give back their place in a pool of thirty.
    PoolRunsDry: "cancel::many_dropped_at_once_do_no_harm";

    // --- handles ---
    /// Values live in the handle.
    LivesInHandle: "reopen::values_survive_reopening", "reopen::two_handles_see_each_other";
    /// Deletions live in the handle.
    DeletionLivesInHandle: "reopen::changes_survive_reopening", "reopen::two_handles_see_each_other";
    /// Each handle lists what it put.
    ListsPerHandle: "reopen::two_handles_list_the_same";
    /// Each handle has a name of its own.
    NamePerHandle: "reopen::two_handles_are_the_same_backend";

    // --- the place is missing ---
    /// A missing place has no values.
    NoPlaceIsNotFound: "root::reading_is_unavailable";
    /// A put makes the place anew.
    PutMakesPlace: "root::writing_is_unavailable", "root::nothing_is_made_anew";
    /// In a missing place everything is deleted already.
    NoPlaceIsDeleted: "root::deleting_is_unavailable";
    /// A missing place has an empty listing.
    NoPlaceIsEmpty: "root::listing_is_unavailable";
    /// Once missing, always missing.
    StaysMissing: "root::all_is_back_with_the_place";

    // --- facts ---
    /// Durable from the second put on.
    CapabilityChanges: "facts::id_and_capability_are_constant";
    /// More is free than there is.
    SpaceMakesNoSense: "facts::space_makes_sense";
    /// Errors without context.
    NoContext: "facts::errors_carry_their_context";
    /// Everything is worth another attempt.
    AllIsRetryable: "facts::lasting_failures_are_not_retryable";
    /// Nobody knows what a refused put has written.
    RefusalIsDoubtful: "facts::a_refusal_says_that_nothing_was_written";
    /// Values in Debug.
    DebugShowsValues: "facts::debug_shows_no_values";
    /// Values in errors.
    ErrorsShowValues: "facts::errors_show_no_values";
}
