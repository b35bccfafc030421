//! What tells the contents apart that a file has had: its time, where that says anything, else the content itself.
//!
//! The sum of a content is made once, and again when the file system says that the file has changed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use sha1::{Digest, Sha1};

use super::stamp::Stamp;

/// See the head of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Since 1970, and what tells it from files that have the same time.
    Time(Duration, u64),
    /// The beginning of its SHA-1.
    Content(u128),
    /// It is too large to be looked at, or has changed meanwhile.
    Nothing,
}

impl Mark {
    /// That of an opened file. Blocks.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn of_file(path: &Path, file: &mut File, stamp: &Stamp) -> io::Result<Mark> {
        if let Some(mark) = Mark::of_time(stamp) {
            return Ok(mark);
        }
        let is_settled = stamp.is_settled();
        let largest = if is_settled { LARGEST } else { LARGEST_EACH_TIME };
        if stamp.size > largest {
            return Ok(Mark::Nothing);
        }
        if let Some(sum) = known(path, stamp) {
            return Ok(Mark::Content(sum));
        }
        let sum = sum_of(file, stamp.size)?;
        if Stamp::of(&file.metadata()?) != *stamp {
            return Ok(Mark::Nothing);
        }
        if is_settled {
            keep(path, stamp, sum);
        }
        Ok(Mark::Content(sum))
    }

    /// That of a file whose content is at hand.
    pub(super) fn of_content(stamp: &Stamp, content: &[u8]) -> Mark {
        Mark::of_time(stamp).unwrap_or_else(|| Mark::Content(begin_of(Sha1::new().chain_update(content))))
    }

    /// That of a file whose time says something.
    pub(super) fn of_time(stamp: &Stamp) -> Option<Mark> {
        let since = stamp.time()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Mark::Time(since, stamp.trace()))
    }
}

/// Sums by the paths of their files, with what these files were.
static KNOWN: Mutex<Option<HashMap<PathBuf, (Stamp, u128)>>> = Mutex::new(None);

fn known(path: &Path, stamp: &Stamp) -> Option<u128> {
    let sums = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let (of, sum) = sums.as_ref()?.get(path)?;
    (of == stamp).then_some(*sum)
}

fn keep(path: &Path, stamp: &Stamp, sum: u128) {
    let mut sums = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let sums = sums.get_or_insert_default();
    // Those that are still asked for come back.
    if sums.len() >= MOST && !sums.contains_key(path) {
        sums.clear();
    }
    sums.insert(path.to_owned(), (*stamp, sum));
}

fn sum_of(file: &mut File, size: u64) -> io::Result<u128> {
    file.rewind()?;
    let mut sum = Sha1::new();
    let mut piece = vec![0; 64 << 10];
    let mut rest = file.take(size);
    loop {
        match rest.read(&mut piece) {
            Ok(0) => return Ok(begin_of(sum)),
            Ok(count) => sum.update(piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn begin_of(sum: Sha1) -> u128 {
    let sum = sum.finalize();
    sum.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Larger files are not read through for a tag.
const LARGEST: u64 = 64 << 20;

/// The same where the sum must be made each time, since nothing tells for certain that the file is the same.
const LARGEST_EACH_TIME: u64 = 1 << 20;

/// How many sums are kept.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_has_one_mark_however_it_is_read() {
        let path = std::env::temp_dir().join(format!("vernal-{}-mark", std::process::id()));
        let mut marks = Vec::new();
        for content in ["one", "two", "one"] {
            std::fs::write(&path, content).expect("a place for a file");
            let mut file = File::options().read(true).write(true).open(&path).expect("ours");
            file.set_modified(UNIX_EPOCH + Duration::from_secs(1)).expect("ours");
            let stamp = Stamp::of(&file.metadata().expect("it is open"));
            let mark = Mark::of_file(&path, &mut file, &stamp).expect("it can be read");
            assert_eq!(Mark::of_file(&path, &mut file, &stamp).expect("it can be read"), mark);
            assert_eq!(Mark::of_content(&stamp, content.as_bytes()), mark);
            assert_eq!(known(&path, &stamp), None, "it may change in this very moment");
            marks.push(mark);
            keep(&path, &stamp, 7);
            assert_eq!(known(&path, &stamp), Some(7));
            let other = Stamp::of(&std::fs::metadata("Cargo.toml").expect("a package has one"));
            assert_eq!(known(&path, &other), None, "it is another one by now");
            KNOWN.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(|sums| sums.remove(&path));
        }
        assert!(marks[0] == marks[2] && marks[0] != marks[1], "{marks:?}");
        let mut file = File::options().read(true).write(true).open(&path).expect("ours");
        for (size, has_mark) in [(LARGEST_EACH_TIME, true), (LARGEST_EACH_TIME + 1, false)] {
            file.set_len(size).expect("a file with a hole");
            file.set_modified(UNIX_EPOCH).expect("ours");
            let stamp = Stamp::of(&file.metadata().expect("it is open"));
            let mark = Mark::of_file(&path, &mut file, &stamp).expect("it can be read");
            assert_eq!(mark != Mark::Nothing, has_mark, "{size}");
        }
        std::fs::remove_file(&path).expect("ours");
    }
}
