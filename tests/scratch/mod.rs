//! A directory for the time of a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// Removed with all that is in it when it goes.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        Scratch::below(&std::env::temp_dir())
    }

    /// One in a folder that is there.
    pub fn below(folder: &Path) -> Scratch {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("vernal-scratch-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a place for a directory");
        Scratch(path)
    }

    #[allow(dead_code, reason = "not all that have a directory name it")]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, with the directories it lies in.
    #[allow(dead_code, reason = "not all that have a directory write into it")]
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is below")).expect("a place for a directory");
        fs::write(&path, content).expect("a place for a file");
        path
    }

    #[allow(dead_code, reason = "not all that have a directory care for times")]
    pub fn set_time(&self, name: &str, time: SystemTime) {
        let file = fs::File::options().write(true).open(self.0.join(name)).expect("it is there");
        file.set_modified(time).expect("a time that can be set");
    }

    #[allow(dead_code, reason = "not all that have a directory remove from it")]
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.0.join(name)).expect("it is there");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
