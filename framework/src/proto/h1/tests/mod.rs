//! Tables of what peers send, each row run whole and one byte at a time, and the properties behind them.

mod answers;
mod bodies;
mod heads;
mod properties;

use super::exercise::{Event, answer, in_pieces, whole};
use crate::proto::Limits;

/// Runs a row both ways and wants the same events from both.
fn events(input: &[u8]) -> Vec<Event> {
    let limits = Limits::new();
    let (one, other) = (whole(input, &limits), in_pieces(input, 1, &limits));
    assert_eq!(one.events, other.events, "{}", input.escape_ascii());
    assert_eq!((one.inbox, one.out), (other.inbox, other.out), "{}", input.escape_ascii());
    one.events
}

/// The status of the refusal a row ends in, with both ways agreeing.
fn refusal(input: &[u8], limits: &Limits) -> (u16, String) {
    let (one, other) = (whole(input, limits), in_pieces(input, 1, limits));
    let (one, other) = (one.refusal(), other.refusal());
    let shown = input.get(..200).unwrap_or(input).escape_ascii();
    let (Some(one), Some(other)) = (one, other) else { panic!("not refused: {shown} {one:?} {other:?}") };
    assert_eq!(one.status, other.status, "{shown}: {one:?} {other:?}");
    (one.status.as_u16(), one.explain.to_string())
}
