//! What a file lies on: whether it can be asked for without waiting for a disk, a daemon or another machine.
//!
//! Local file systems answer what the system has in memory, and say so where they do not. What lies behind FUSE or a network may
//! keep even a question about a name waiting, so nothing of the kind is asked on the runtime's threads; nor is anything whose kind is
//! not known here.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::{PoisonError, RwLock};

use rustix::fs::fstatfs;
use rustix::io::{Errno, ReadWriteFlags, preadv2};

/// See the head of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Medium {
    kind: Kind,
    device: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Memory itself.
    Memory,
    /// A file system of this machine.
    Local,
    Foreign,
}

impl Medium {
    /// That of an opened file. Blocks where it is foreign.
    pub(crate) fn of(file: &File) -> Medium {
        let device = file.metadata().map_or(0, |metadata| metadata.dev());
        Medium { kind: Kind::of(file), device }
    }

    /// The same for another file of the same mount: each of some file systems has several devices.
    pub(crate) fn with_device(self, device: u64) -> Medium {
        Medium { device, ..self }
    }

    /// Whether names can be asked for without a wait.
    pub(crate) fn is_local(self) -> bool {
        self.kind != Kind::Foreign
    }

    /// Whether nothing here ever waits.
    pub(crate) fn is_memory(self) -> bool {
        self.kind == Kind::Memory
    }

    /// Reads what is in memory of a part of a file.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): nothing is, or nobody can tell.
    pub(crate) fn read_at_hand(self, file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
        match self.kind {
            Kind::Memory => file.read_at(into, offset),
            Kind::Local if !is_refusing(self.device) => {
                match preadv2(file, &mut [IoSliceMut::new(into)], offset, ReadWriteFlags::NOWAIT) {
                    Ok(count) => Ok(count),
                    Err(Errno::AGAIN | Errno::INTR) => Err(io::ErrorKind::WouldBlock.into()),
                    Err(error) => {
                        // What a disk has failed with is told by who waits for it.
                        if matches!(error, Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) {
                            refuse(self.device);
                        }
                        Err(io::ErrorKind::WouldBlock.into())
                    }
                }
            }
            Kind::Local | Kind::Foreign => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

#[cfg(test)]
impl Medium {
    pub(super) fn as_memory(self) -> Medium {
        Medium { kind: Kind::Memory, ..self }
    }

    pub(super) fn as_foreign(self) -> Medium {
        Medium { kind: Kind::Foreign, ..self }
    }
}

impl Kind {
    fn of(file: impl AsFd) -> Kind {
        let Ok(system) = fstatfs(file) else { return Kind::Foreign };
        // Numbers of 32 bits, in a type that has a sign on some machines.
        match system.f_type as u32 {
            TMPFS => Kind::Memory,
            EXT | XFS | BTRFS | OVERLAY | SQUASHFS | EROFS => Kind::Local,
            _ => Kind::Foreign,
        }
    }
}

const TMPFS: u32 = 0x0102_1994;
const EXT: u32 = 0xef53;
const XFS: u32 = 0x5846_5342;
const BTRFS: u32 = 0x9123_683e;
const OVERLAY: u32 = 0x794c_7630;
const SQUASHFS: u32 = 0x7371_7368;
const EROFS: u32 = 0xe0f5_e1e2;

/// Devices that do not say what they have in memory: overlays, which containers live on, are such.
static REFUSING: RwLock<Vec<u64>> = RwLock::new(Vec::new());

fn is_refusing(device: u64) -> bool {
    REFUSING.read().unwrap_or_else(PoisonError::into_inner).contains(&device)
}

#[cold]
fn refuse(device: u64) {
    let mut refusing = REFUSING.write().unwrap_or_else(PoisonError::into_inner);
    if !refusing.contains(&device) {
        // Those that are still asked for come back.
        if refusing.len() == MOST {
            refusing.clear();
        }
        refusing.push(device);
    }
}

/// How many devices are remembered.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_file_systems() {
        let table = [("/proc/self/status", Kind::Foreign), ("/sys/kernel/uevent_seqnum", Kind::Foreign)];
        for (path, expected) in table {
            if let Ok(file) = File::open(path) {
                assert_eq!(Medium::of(&file).kind, expected, "{path}");
            }
        }
    }

    #[test]
    fn what_cannot_be_told_would_block() {
        let path = std::env::temp_dir().join(format!("vernal-{}-medium", std::process::id()));
        std::fs::write(&path, "0123456789").expect("a place for a file");
        let file = File::open(&path).expect("it was written");
        let mut piece = [0; 4];
        let of = |kind, device| Medium { kind, device };
        assert_eq!(of(Kind::Memory, 0).read_at_hand(&file, &mut piece, 8).expect("there"), 2);
        assert_eq!(&piece[..2], b"89");
        refuse(u64::MAX);
        for medium in [of(Kind::Foreign, 0), of(Kind::Local, u64::MAX)] {
            let error = medium.read_at_hand(&file, &mut piece, 0).expect_err("nobody can tell");
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        }
        // Whatever this lies on: what has just been written is in memory, or it refuses.
        match Medium::of(&file).read_at_hand(&file, &mut piece, 0) {
            Ok(count) => assert_eq!((count, &piece), (4, b"0123")),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        std::fs::remove_file(&path).expect("ours");
    }
}
