//! What the file system says of a file, and what of it can be told to others.
//!
//! The time of the last change says nothing where whoever made the file has set it for all files alike: package stores, archives
//! and images that are to be reproducible do. Other content of the same size would then look like the one before.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What tells that a file is the same as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    pub(super) size: u64,
    device: u64,
    inode: u64,
    /// When the file system itself has last seen a change, in seconds and nanoseconds. Nobody can set it.
    changed: Option<(i64, i64)>,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Stamp {
        #[cfg(unix)]
        let (device, inode, changed) = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino(), Some((metadata.ctime(), metadata.ctime_nsec())))
        };
        #[cfg(not(unix))]
        let (device, inode, changed) = (0, 0, None);
        Stamp { modified: metadata.modified().ok(), size: metadata.len(), device, inode, changed }
    }

    /// What tells this file from another of the same size and time, which may take its place within one tick of the file system's clock
    /// or be given the time of the one before. A sum, since peers have no business with the numbers themselves.
    pub(super) fn trace(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.device, self.inode, self.changed).hash(&mut hasher);
        hasher.finish()
    }

    /// The device that it lies on.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(super) fn device(&self) -> u64 {
        self.device
    }

    /// That of the file of this name, if it is a regular one.
    pub(super) fn at(path: &Path) -> Option<Stamp> {
        fs::metadata(path).ok().filter(Metadata::is_file).map(|metadata| Stamp::of(&metadata))
    }

    /// When the file was last changed, if its time says so.
    pub(super) fn time(&self) -> Option<SystemTime> {
        self.modified.filter(|time| means_something(*time, SystemTime::now()))
    }

    /// Whether no change of the file can go unseen from now on, whatever its time says: the file system tells all of them apart from
    /// the last one, which is not of this very moment.
    pub(super) fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.changed
            .is_some_and(|(second, _)| u64::try_from(second).is_ok_and(|second| second + SETTLING < now))
    }
}

/// Clocks of file systems are coarse: so many seconds after a change the next one has another time for certain.
const SETTLING: u64 = 1;

fn means_something(time: SystemTime, now: SystemTime) -> bool {
    let Ok(since) = time.duration_since(UNIX_EPOCH) else { return false };
    // What lies in the future is wrong by now, and who knows how long it was.
    time <= now && since >= FIRST && !(since.subsec_nanos() == 0 && GIVEN.contains(&since.as_secs()))
}

/// The year 1990: no file that is served is older, but many say so. Nix and Guix write second 1, OSTree and container images second
/// 0, ZIP archives 1980 at the earliest, npm packages 1985.
const FIRST: Duration = Duration::from_secs(631_152_000);

/// Later times that are given to all files alike: by Cargo to those of crates, by Bazel to those of archives.
const GIVEN: [u64; 2] = [1_153_704_088, 1_262_304_000];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_mean_something_or_nothing() {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let at = |seconds: i64| match u64::try_from(seconds) {
            Ok(after) => UNIX_EPOCH + Duration::from_secs(after),
            Err(_) => UNIX_EPOCH - Duration::from_secs(seconds.unsigned_abs()),
        };
        let table = [
            ("before 1970", -1, false),
            ("0", 0, false),
            ("Nix", 1, false),
            ("the first of DOS", 315_532_800, false),
            ("the same in other zones", 315_532_800 - 14 * 3600, false),
            ("Gradle", 318_211_200, false),
            ("npm", 499_162_500, false),
            ("the last of 1989", 631_151_999, false),
            ("the first of 1990", 631_152_000, true),
            ("before Cargo's", 1_153_704_087, true),
            ("Cargo's", 1_153_704_088, false),
            ("Bazel's", 1_262_304_000, false),
            ("yesterday", 1_799_900_000, true),
            ("now", 1_800_000_000, true),
            ("the future", 1_800_000_001, false),
            ("the far future", 300_000_000_000, false),
        ];
        for (name, seconds, expected) in table {
            assert_eq!(means_something(at(seconds), now), expected, "{name}");
        }
        assert!(
            means_something(at(1_153_704_088) + Duration::from_nanos(1), now),
            "a true time has fractions"
        );
    }
}
