//! Room on a disk.

use std::path::PathBuf;

use super::indicator::HealthIndicator;
use super::turns::Turns;
use crate::http::{BoxFuture, Error, Result};

/// Is well as long as there is room on the file system of a path. On Unix. One that does not answer is not asked a second time meanwhile.
///
/// ```
/// use vernal::{Actuator, DiskSpace};
///
/// let actuator = Actuator::new().indicator("uploads", DiskSpace::new("/var/lib/shop").minimum(1 << 30));
/// # let _ = actuator;
/// ```
#[derive(Clone, Debug)]
pub struct DiskSpace {
    path: PathBuf,
    minimum: u64,
    turns: Turns,
}

impl DiskSpace {
    /// Looks at the file system that this path is on.
    pub fn new(path: impl Into<PathBuf>) -> DiskSpace {
        DiskSpace { path: path.into(), minimum: 10 << 20, turns: Turns::default() }
    }

    /// How many bytes must be free for users without privileges. Default 10 MiB.
    #[must_use]
    pub fn minimum(mut self, bytes: u64) -> DiskSpace {
        self.minimum = bytes;
        self
    }
}

impl HealthIndicator for DiskSpace {
    fn check(&self) -> BoxFuture<'_, Result> {
        let (path, minimum) = (self.path.clone(), self.minimum);
        Box::pin(async move {
            let shown = path.display().to_string();
            // A file system on a network may take its time.
            let looked = self.turns.run(move || rustix::fs::statvfs(&path)).await?;
            let found = looked.map_err(|error| Error::internal(format!("{shown}: {error}")))?;
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            if free < minimum {
                return Err(Error::internal(format!("{shown}: {free} bytes are free, {minimum} are wanted")));
            }
            Ok(())
        })
    }
}
