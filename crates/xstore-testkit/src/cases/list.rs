//! Listing: every key below the prefix, and no other.

use super::prelude::*;
use crate::fixture::shorthand::{list_all, list_from};
use std::collections::BTreeSet;
use xstore_backend::Cursor;

/// Values in the cases about pages: more than the two or three that a page of a test's backend holds.
const MANY: usize = 25;

/// Pages that a foreign cursor may lead through.
const FOREIGN_PAGES: usize = 50;

/// What can't list says so, every time.
pub async fn what_cannot_list_says_so(fixture: Fixture) -> CaseResult {
    if fixture.capability().list {
        return Err(Skip::pointless("it can list").into());
    }
    fixture.put(&fixture.key("v")?, &value(1, 1)).await?;
    for prefix in [Prefix::all(), fixture.namespace().clone()] {
        for cursor in [None, Some(Cursor::new("x"))] {
            let result = fixture.backend().list(&prefix, cursor.as_ref()).await;
            refused(result, ErrorKind::Unsupported, "list of a backend that can't")?;
        }
    }
    Ok(())
}

/// Where nothing is, the listing is empty, and that is no error.
pub async fn nothing_is_an_empty_listing(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    expect_names(&fixture, fixture.namespace(), &[]).await?;
    expect_names(&fixture, &fixture.prefix("a/b/c")?, &[]).await?;
    fixture.put(&fixture.key("a/x")?, &value(1, 1)).await?;
    expect_names(&fixture, &fixture.prefix("a/b")?, &[]).await
}

/// Keys of all lengths and depths are found, each with the size of its value.
pub async fn every_key_is_listed_with_its_size(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let names = ["a", "b/a", "b/b", "b/c/d/e/f/g", "c0", "c1/2", "z.z-z_z"];
    let mut sizes = Vec::new();
    for (len, name) in names.into_iter().enumerate() {
        let key = fixture.key(name)?;
        fixture.put(&key, &value(len * 1000, len as u64)).await?;
        sizes.push((key, len as u64 * 1000));
    }
    let entries = list_all(&**fixture.backend(), fixture.namespace()).await?;
    for (key, size) in &sizes {
        let mut found = entries.iter().filter(|entry| entry.key == *key).peekable();
        check!(found.peek().is_some(), "a key is not listed: {key}");
        let wrong = found.find(|entry| entry.stat.size != *size);
        check!(wrong.is_none(), "{key} has {size} bytes, but is listed with {wrong:?}");
    }
    check!(
        entries.iter().all(|entry| sizes.iter().any(|(key, _)| *key == entry.key)),
        "a foreign key is listed"
    );
    Ok(())
}

/// Over however many pages, every key comes, and nothing that isn't there.
pub async fn all_pages_together_are_all_keys(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = many(&fixture).await?;
    let found = fixture.names(&fixture.prefix("m")?).await?;
    check!(found == keys, "{} keys are listed instead of {}", found.len(), keys.len());
    expect_names(&fixture, fixture.namespace(), &Vec::from_iter(keys)).await
}

/// Puts many values below `m`, in folders of different size, and one beside them.
async fn many(fixture: &Fixture) -> CaseResult<BTreeSet<Key>> {
    let mut keys = BTreeSet::new();
    for at in 0..MANY {
        let key = fixture.key(&format!("m/{}/k{}", at % 4, at * 7 % 100))?;
        fixture.put(&key, &value(at, at as u64)).await?;
        keys.insert(key);
    }
    Ok(keys)
}

/// A prefix ends where a segment ends.
pub async fn a_prefix_is_whole_segments(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let mut keys = Vec::new();
    for name in ["a/b/1", "a/b/2/3", "a/bc", "a/bc0/1", "a/b-/1", "a/b.0", "a/b0", "ab/1", "b/1", "x/a/b/1"] {
        let key = fixture.key(name)?;
        fixture.put(&key, &value(3, 1)).await?;
        keys.push(key);
    }
    expect_names(&fixture, &fixture.prefix("a/b")?, &keys[..2]).await?;
    expect_names(&fixture, &fixture.prefix("a")?, &keys[..7]).await?;
    expect_names(&fixture, &fixture.prefix("ab")?, &keys[7..8]).await?;
    expect_names(&fixture, &fixture.prefix("a/b/2")?, &keys[1..2]).await
}

/// A key doesn't lie below itself.
pub async fn a_key_is_not_below_itself(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = [fixture.key("a/v")?, fixture.key("a/v0")?, fixture.key("a/w/v")?];
    for key in &keys {
        fixture.put(key, &value(3, 1)).await?;
    }
    expect_names(&fixture, &fixture.prefix("a/v")?, &[]).await?;
    expect_names(&fixture, &fixture.prefix("a/w")?, &keys[2..]).await
}

/// The empty prefix is that of all keys.
pub async fn the_empty_prefix_lists_everything(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let mut keys = BTreeSet::new();
    for name in ["a", "b/c", "d/e/f"] {
        let key = fixture.key(name)?;
        fixture.put(&key, &value(3, 1)).await?;
        keys.insert(key);
    }
    // Others may use the same place.
    let found = fixture.names(&Prefix::all()).await?;
    check!(found.is_superset(&keys), "keys are missing among all {}", found.len());
    let own: BTreeSet<Key> = found.into_iter().filter(|key| key.is_below(fixture.namespace())).collect();
    check!(own == keys, "{} keys are listed below the namespace instead of {}", own.len(), keys.len());
    Ok(())
}

/// After a replacement, the new size is listed.
pub async fn a_listing_follows_replacements(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let key = fixture.key("f/v")?;
    for len in [1000, 10, 0, 5000] {
        fixture.put(&key, &value(len, 2)).await?;
        let entries = list_all(&**fixture.backend(), fixture.namespace()).await?;
        let is_right = |entry: &Entry| entry.key == key && entry.stat.size == len as u64;
        check!(!entries.is_empty() && entries.iter().all(is_right), "not the size {len} in {entries:?}");
    }
    Ok(())
}

/// A cursor that no listing gave is refused, or leads to own keys and to an end.
pub async fn a_foreign_cursor_does_no_harm(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = many(&fixture).await?;
    let beside = fixture.key("n/v")?;
    fixture.put(&beside, &value(1, 1)).await?;
    let prefix = fixture.prefix("m")?;
    let long = "z".repeat(5000);
    let inside = format!("{prefix}/2");
    let foreign = ["", "x", "0", "-1", "99999999999999999999", "a/../b", "m\u{e9}\u{1f600}", "\0", "'\"%\\"];
    for cursor in foreign.into_iter().chain([&*long, &*inside, beside.as_str()]) {
        let mut next = Some(Cursor::new(cursor));
        for _ in 0..FOREIGN_PAGES {
            let Some(cursor) = next.take() else { break };
            let Ok(page) = fixture.backend().list(&prefix, Some(&cursor)).await else { break };
            let foreign = page.entries.iter().find(|entry| !keys.contains(&entry.key));
            check!(foreign.is_none(), "a foreign cursor led to a foreign key: {foreign:?}");
            next = page.next;
        }
        check!(next.is_none(), "a foreign cursor led to no end in {FOREIGN_PAGES} pages");
    }
    let found = fixture.names(&prefix).await?;
    check!(found == keys, "after foreign cursors {} keys are listed instead of {}", found.len(), keys.len());
    Ok(())
}

/// A page can be asked for again, as after an answer that was lost.
pub async fn a_page_can_be_asked_for_again(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = many(&fixture).await?;
    let prefix = fixture.prefix("m")?;
    let (mut seen, mut cursor) = (BTreeSet::new(), None);
    loop {
        // Thrown away.
        fixture.backend().list(&prefix, cursor.as_ref()).await?;
        let rest: BTreeSet<Key> = names_of(&list_from(&**fixture.backend(), &prefix, cursor.clone()).await?);
        check!(
            seen.union(&rest).eq(&keys),
            "from a page on that was asked for again, {} keys are missing",
            keys.len() - seen.union(&rest).count()
        );
        let page = fixture.backend().list(&prefix, cursor.as_ref()).await?;
        seen.extend(names_of(&page.entries));
        cursor = page.next;
        if cursor.is_none() {
            check!(seen == keys, "{} keys are listed instead of {}", seen.len(), keys.len());
            return Ok(());
        }
    }
}

/// Two listings at once don't disturb each other, nor do reads and writes elsewhere.
pub async fn listings_do_not_disturb_each_other(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = many(&fixture).await?;
    let (prefix, all) = (fixture.prefix("m")?, fixture.namespace().clone());
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    let mut cursors = [Some(None), Some(None)];
    while cursors.iter().any(Option::is_some) {
        for (at, prefix) in [&prefix, &all].into_iter().enumerate() {
            let Some(cursor) = cursors[at].take() else { continue };
            let page = fixture.backend().list(prefix, cursor.as_ref()).await?;
            seen[at].extend(names_of(&page.entries));
            cursors[at] = page.next.map(Some);
            if let Some(key) = seen[at].first() {
                fixture.get(key).await?;
            }
        }
    }
    for seen in seen {
        check!(seen == keys, "{} keys are listed instead of {}", seen.len(), keys.len());
    }
    Ok(())
}

/// Who deletes what a page lists, and goes on, misses no key: so rubbish is collected.
pub async fn deleting_while_listing_misses_nothing(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = many(&fixture).await?;
    let prefix = fixture.prefix("m")?;
    let (mut seen, mut cursor) = (BTreeSet::new(), None);
    loop {
        let page = fixture.backend().list(&prefix, cursor.as_ref()).await?;
        for entry in &page.entries {
            fixture.backend().delete(&entry.key).await?;
        }
        seen.extend(names_of(&page.entries));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    check!(seen == keys, "{} keys were listed instead of {} while they were deleted", seen.len(), keys.len());
    expect_names(&fixture, &prefix, &[]).await
}

/// What is there during a whole listing is listed, whatever is added meanwhile.
pub async fn adding_while_listing_hides_nothing(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = many(&fixture).await?;
    let prefix = fixture.prefix("m")?;
    let (mut seen, mut added, mut cursor) = (BTreeSet::new(), BTreeSet::new(), None);
    for page in 0..1000 {
        let listed = fixture.backend().list(&prefix, cursor.as_ref()).await?;
        seen.extend(names_of(&listed.entries));
        cursor = listed.next;
        if cursor.is_none() {
            let missing = keys.difference(&seen).count();
            check!(missing == 0, "{missing} keys were hidden by others that were added");
            let is_foreign = seen.iter().any(|key| !keys.contains(key) && !added.contains(key));
            check!(!is_foreign, "a foreign key is listed");
            return Ok(());
        }
        // Before and behind wherever the listing is now, for a few pages: it has to end.
        if page < 30 {
            for name in [format!("m/0/a{page}"), format!("m/3/z{page}")] {
                let key = fixture.key(&name)?;
                fixture.put(&key, &value(1, 1)).await?;
                added.insert(key);
            }
        }
    }
    Err(Stop::fail("the listing hasn't ended after 1000 pages"))
}

/// The longest key and the deepest one are listed as they are.
pub async fn long_keys_are_listed(fixture: Fixture) -> CaseResult {
    fixture.needs_list()?;
    let keys = [fixture.longest(Key::MAX_SEGMENT, 'k')?, fixture.longest(1, 'd')?];
    for key in &keys {
        fixture.put(key, &value(1, 1)).await?;
    }
    expect_names(&fixture, fixture.namespace(), &keys).await
}

fn names_of(entries: &[Entry]) -> BTreeSet<Key> {
    entries.iter().map(|entry| entry.key.clone()).collect()
}
