//! What the parts of a form may cost.

use crate::proto::Limits;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) parts: usize,
    pub(crate) part_size: u64,
    pub(crate) head_size: usize,
    pub(crate) header_count: usize,
}

impl Bounds {
    pub(crate) const fn of(limits: &Limits) -> Bounds {
        Bounds {
            parts: limits.parts,
            part_size: limits.part_size,
            head_size: limits.part_head_size,
            header_count: limits.part_header_count,
        }
    }
}
