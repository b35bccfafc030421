//! What is wrong with the numbers that settings were given: the first of them, and where it was said.

use std::ops::RangeInclusive;
use std::panic::Location;

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlawedSetting(Option<String>);

impl FlawedSetting {
    /// Judges a number. `say` makes a text of the caller's place and of the least and the most there may be.
    #[track_caller]
    pub(crate) fn judge<N: PartialOrd>(
        &mut self,
        number: N,
        range: RangeInclusive<N>,
        say: impl FnOnce(String, N, N) -> String,
    ) {
        if !range.contains(&number) {
            let at = Location::caller();
            let (least, most) = range.into_inner();
            self.0.get_or_insert_with(|| say(format!("{}:{}", at.file(), at.line()), least, most));
        }
    }

    /// What is wrong, if something is.
    pub(crate) fn text(&self) -> Option<String> {
        self.0.clone()
    }
}
