//! Keys: each is a name of its own, and means nothing.

use super::prelude::*;

/// Puts a value of its own under each key, and then reads, lists and deletes them all.
async fn each_is_its_own(fixture: &Fixture, keys: &[Key]) -> CaseResult {
    for (seed, key) in (0..).zip(keys) {
        fixture.create(key, value(50, seed)).await?;
    }
    for (seed, key) in (0..).zip(keys) {
        fixture.holds(key, &value(50, seed), key.as_str()).await?;
        let size = fixture.backend().stat(key).await?.size;
        check!(size == 50, "stat says {size} of 50 bytes under {key}");
    }
    if fixture.capability().list {
        expect_names(fixture, fixture.namespace(), keys).await?;
    }
    for (at, key) in keys.iter().enumerate() {
        fixture.backend().delete(key).await?;
        not_found(fixture.get(key).await, key)?;
        if let Some(next) = keys.get(at + 1) {
            fixture.holds(next, &value(50, at as u64 + 1), next.as_str()).await?;
        }
    }
    Ok(())
}

async fn each_name_is_its_own(fixture: &Fixture, names: &[&str]) -> CaseResult {
    let keys: CaseResult<Vec<Key>> = names.iter().map(|name| fixture.key(name)).collect();
    each_is_its_own(fixture, &keys?).await
}

/// The longest key, of the longest segments; those that differ in one character are others.
pub async fn the_longest_keys(fixture: Fixture) -> CaseResult {
    let longest = fixture.longest(Key::MAX_SEGMENT, 'k')?;
    check!(longest.as_str().len() == fixture.longest_key(), "the key is not the longest");
    let text = longest.as_str();
    let last = Key::new(&format!("{}z", &text[..text.len() - 1]))?;
    let first = Key::new(&text.replacen("/k", "/z", 1))?;
    each_is_its_own(&fixture, &[longest, last, first]).await
}

/// The longest segment, alone and with others around it.
pub async fn the_longest_segment(fixture: Fixture) -> CaseResult {
    let (z, y) = ("z".repeat(Key::MAX_SEGMENT), "z".repeat(Key::MAX_SEGMENT - 1));
    each_name_is_its_own(&fixture, &[&z, &y, &format!("{y}y"), &format!("a/{z}"), &format!("a/{y}/b")]).await
}

/// As many folders in each other as a key can have.
pub async fn the_deepest_key(fixture: Fixture) -> CaseResult {
    let deepest = fixture.longest(1, 'd')?;
    check!(deepest.segments().count() > 90, "the key is not deep");
    let beside = Key::new(&format!("{}e", &deepest.as_str()[..deepest.as_str().len() - 1]))?;
    each_is_its_own(&fixture, &[deepest, beside]).await
}

/// Each character that a key may have, at each place where it may be.
pub async fn every_character(fixture: Fixture) -> CaseResult {
    let mut keys = Vec::new();
    for character in ('a'..='z').chain('0'..='9') {
        keys.push(fixture.key(&format!("c/{character}"))?);
    }
    for character in ['.', '_', '-', 'q', '7'] {
        keys.push(fixture.key(&format!("c/a{character}b"))?);
        keys.push(fixture.key(&format!("c{character}{character}d/b"))?);
    }
    for end in ["a-", "a_", "a--", "a__", "a_-"] {
        keys.push(fixture.key(&format!("c/{end}"))?);
        keys.push(fixture.key(&format!("{end}/c"))?);
    }
    each_is_its_own(&fixture, &keys).await
}

/// Dots inside a segment are characters like others.
pub async fn dots_inside(fixture: Fixture) -> CaseResult {
    let names = ["a.b", "a..b", "a...b", "a.b.c", "q.b/c.d", "q..b/c", "0.0", "a.-", "v1.2.3", "x.tar.gz"];
    each_name_is_its_own(&fixture, &names).await
}

/// Segments of digits are no numbers.
pub async fn digits_only(fixture: Fixture) -> CaseResult {
    let names = ["0", "00", "000", "1", "01", "10", "1e3", "0x10", "2/0", "2/00", "99999999999999999999"];
    each_name_is_its_own(&fixture, &names).await
}

/// Keys that differ in their last character, or in one in the middle.
pub async fn one_character_makes_the_difference(fixture: Fixture) -> CaseResult {
    let names = ["f/key-a", "f/key-b", "f/key-", "f/key_a", "f/kez-a", "g/key-a", "f/key-aa", "f/0ey-a"];
    each_name_is_its_own(&fixture, &names).await
}

/// A key that another one begins with, as text, is another key.
pub async fn a_key_may_begin_like_another(fixture: Fixture) -> CaseResult {
    each_name_is_its_own(&fixture, &["ab", "abc", "abcd", "a", "f/ab", "f/abc", "f/a", "fa/b"]).await
}

/// Slashes separate; nothing else does, and no other separator is taken for one.
pub async fn only_slashes_separate(fixture: Fixture) -> CaseResult {
    let names =
        ["a/b/c", "a/b-c", "a/b_c", "a/b.c", "a/bc", "a-b/c", "a_b/c", "a.b/c", "ab/c", "a-b-c", "abc"];
    each_name_is_its_own(&fixture, &names).await
}

/// What looks like an escape stands for itself.
pub async fn escapes_stand_for_themselves(fixture: Fixture) -> CaseResult {
    let names =
        ["a-2fb", "a/b", "a2fb", "a_2f_b", "a--b", "a__b", "xn--a", "x-/a", "x_/a", "00", "a.2e", "2e2e/a"];
    each_name_is_its_own(&fixture, &names).await
}

/// Names that a backend might use for itself are free for values.
pub async fn no_name_is_taken(fixture: Fixture) -> CaseResult {
    let names = [
        "tmp",
        "temp/v",
        "v.tmp",
        "v.temp",
        "v.part",
        "v.partial",
        "v.lock",
        "lock",
        "v.new",
        "v.old",
        "v.bak",
        "v.json",
        "v.meta",
        "index",
        "metadata/v",
        "data",
        "data.db",
        "data.db-wal",
        "data.db-journal",
        "lost-found",
        "desktop.ini",
        "thumbs.db",
        "v.1",
        "v-1",
    ];
    each_name_is_its_own(&fixture, &names).await
}

/// The front of a key is no value: not found, and deleting it takes nothing with it.
pub async fn a_folder_is_no_value(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("a/b/c")?, value(50, 1));
    fixture.put(&key, &value).await?;
    for name in ["a", "a/b"] {
        let folder = fixture.key(name)?;
        not_found(fixture.get(&folder).await, "get of a key's front")?;
        not_found(fixture.backend().stat(&folder).await, "stat of a key's front")?;
        not_found(fixture.backend().get_range(&folder, 0..10).await, "a range of a key's front")?;
        fixture.backend().delete(&folder).await?;
        fixture.holds(&key, &value, "the value below a key that was deleted").await?;
    }
    Ok(())
}

/// Below a value nothing is: not found, and deleting it leaves the value.
pub async fn nothing_is_below_a_value(fixture: Fixture) -> CaseResult {
    let (key, value) = (fixture.key("a/v")?, value(50, 2));
    fixture.put(&key, &value).await?;
    for name in ["a/v/x", "a/v/x/y"] {
        let below = fixture.key(name)?;
        not_found(fixture.get(&below).await, "get of a key below a value")?;
        not_found(fixture.backend().stat(&below).await, "stat of a key below a value")?;
        not_found(fixture.backend().get_range(&below, 0..10).await, "a range of a key below a value")?;
        fixture.backend().delete(&below).await?;
        fixture.holds(&key, &value, "the value above a key that was deleted").await?;
    }
    Ok(())
}

/// A put below a value, or above one, is refused or works; whichever, the values that were there stay.
pub async fn a_put_below_a_value_spoils_nothing(fixture: Fixture) -> CaseResult {
    let (key, old) = (fixture.key("a/v")?, value(50, 3));
    fixture.put(&key, &old).await?;
    for (seed, name) in [(4, "a/v/x"), (5, "a")] {
        let (other, new) = (fixture.key(name)?, value(60, seed));
        match fixture.create(&other, new.clone()).await {
            Ok(()) => fixture.holds(&other, &new, "a value below or above another").await?,
            Err(error) => {
                let is_wrong = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists);
                check!(!is_wrong, "the refusal is {:?}", error.kind());
                not_found(fixture.get(&other).await, "a value that was refused below or above another")?;
            }
        }
        fixture.holds(&key, &old, "the value that was there before").await?;
    }
    Ok(())
}
