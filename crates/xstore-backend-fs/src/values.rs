//! The operations on values, as they run on a thread that may block. Each is one call from its beginning to its end.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use xstore_backend::buffers::Buffers;
use xstore_backend::{Bytes, Key, Payload, Result, Space, Stat};

use crate::atomic::{self, How};
use crate::error::{failed, not_found, nothing_written, too_large};
use crate::root::Root;

/// Stores a value.
pub(crate) fn put(root: &Root, key: &Key, data: &Payload, how: How) -> Result<()> {
    let (path, name) = place(key);
    root.with(false, || {
        let folder = root.make(path, how.sync_folder).map_err(nothing_written)?;
        atomic::write(&folder, name, data, how)
    })
}

/// Reads a value of up to `max` bytes.
pub(crate) fn get(root: &Root, key: &Key, max: usize) -> Result<Bytes> {
    root.with(true, || whole(&open(root, key)?, max))
}

/// Reads a part of a value, as far as there is one.
pub(crate) fn get_range(root: &Root, key: &Key, range: Range<u64>) -> Result<Bytes> {
    root.with(true, || part(open(root, key)?, range))
}

/// What is known about a value.
pub(crate) fn stat(root: &Root, key: &Key) -> Result<Stat> {
    let (path, name) = place(key);
    root.with(true, || {
        let folder = root.folder(path)?.ok_or_else(not_found)?;
        Ok(folder.value(name)?.ok_or_else(not_found)?.stat())
    })
}

/// Removes a value, if there is one. With `sync_folder`, it stays away after a power loss.
pub(crate) fn delete(root: &Root, key: &Key, sync_folder: bool) -> Result<()> {
    let (path, name) = place(key);
    root.with(false, || {
        let Some(folder) = root.folder(path).map_err(nothing_written)? else { return Ok(()) };
        folder.remove(name).map_err(nothing_written)?;
        // Also where there was nothing: whoever removed it may have been killed before the sync.
        if sync_folder { folder.sync_late() } else { Ok(()) }
    })
}

/// How much room there is.
pub(crate) fn space(root: &Root) -> Result<Space> {
    root.with(false, || root.space())
}

/// The folder and the name of a value.
fn place(key: &Key) -> (&str, &str) {
    key.as_str().rsplit_once('/').unwrap_or(("", key.as_str()))
}

fn open(root: &Root, key: &Key) -> Result<File> {
    let (path, name) = place(key);
    let folder = root.folder(path)?.ok_or_else(not_found)?;
    folder.open(name)?.ok_or_else(not_found)
}

fn whole(mut file: &File, max: usize) -> Result<Bytes> {
    let longer = || too_large("the value is longer than what was asked for");
    let len = file.metadata().map_err(|error| failed("look at the value", error))?.len();
    let len = usize::try_from(len).ok().filter(|len| *len <= max).ok_or_else(longer)?;
    let value = read(file, len, max as u64)?;
    // Somebody who writes in place may have made it longer since.
    let fail = |error| failed("read the value", error);
    if value.len() == max && file.by_ref().take(1).read_to_end(&mut Vec::new()).map_err(fail)? > 0 {
        return Err(longer());
    }
    Ok(value)
}

fn part(mut file: File, range: Range<u64>) -> Result<Bytes> {
    let len = file.metadata().map_err(|error| failed("look at the value", error))?.len();
    let end = range.end.min(len);
    if range.start >= end {
        return Ok(Bytes::new());
    }
    file.seek(SeekFrom::Start(range.start)).map_err(|error| failed("read the value", error))?;
    let wanted = end - range.start;
    let room = usize::try_from(wanted).map_err(|_| too_large(NO_ROOM))?;
    read(&file, room, wanted)
}

const NO_ROOM: &str = "the value doesn't fit into the memory";

/// Up to `max` bytes, of which `len` are expected. Fails, and doesn't end the process, where there is no memory.
fn read(mut file: &File, len: usize, max: u64) -> Result<Bytes> {
    let fail = |error| failed("read the value", error);
    let mut value = Buffers::shared().try_take(len).map_err(|error| too_large(NO_ROOM).with_source(error))?;
    let mut filled = 0;
    while filled < len {
        match file.read(&mut value.bytes_mut()[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
    value.truncate(filled);
    // Somebody who writes in place may have made it longer since.
    let mut more = Vec::new();
    if filled == len {
        file.take(max.saturating_sub(len as u64)).read_to_end(&mut more).map_err(fail)?;
    }
    if more.is_empty() {
        return Ok(value.freeze());
    }
    let mut whole = Vec::new();
    whole.try_reserve_exact(filled + more.len()).map_err(|error| too_large(NO_ROOM).with_source(error))?;
    whole.extend_from_slice(value.as_ref());
    whole.append(&mut more);
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use xstore_backend::ErrorKind;

    #[test]
    fn the_limit_holds_also_before_the_bytes_are_read() {
        let file = tempfile::tempfile().unwrap();
        // Longer than any memory, and it has no block on the disk.
        file.set_len(1 << 42).unwrap();
        for max in [0, 100] {
            assert_eq!(whole(&file, max).unwrap_err().kind(), ErrorKind::TooLarge);
        }
        assert_eq!(part(file.try_clone().unwrap(), 1 << 41..(1 << 41) + 5).unwrap(), [0; 5][..]);
        #[cfg(target_pointer_width = "64")]
        assert_eq!(read(&file, usize::MAX, u64::MAX).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn a_value_of_just_the_limit_is_read() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"value").unwrap();
        for (max, fits) in [(4, false), (5, true), (6, true)] {
            file.rewind().unwrap();
            assert_eq!(whole(&file, max).is_ok(), fits, "{max}");
        }
    }

    /// Such a file says that it is empty and then has bytes, like one that grows meanwhile.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_value_that_grows_while_it_is_read_is_too_large() {
        let file = || File::open("/proc/self/status").unwrap();
        assert_eq!(file().metadata().unwrap().len(), 0);
        for max in [0, 5, 100] {
            assert_eq!(whole(&file(), max).unwrap_err().kind(), ErrorKind::TooLarge, "{max}");
        }
        assert!(whole(&file(), 1 << 20).unwrap().starts_with(b"Name:"));
    }
}
