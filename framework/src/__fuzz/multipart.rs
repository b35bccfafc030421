//! Fuzzing forms in parts.

use crate::proto::multipart::Bounds;
use crate::proto::multipart::exercise::decode;

const BOUNDS: Bounds = Bounds { parts: 4, part_size: 64, head_size: 256, header_count: 4 };

/// However a form is cut, it is the same form, and within its bounds; its boundary is `b`. The first byte says how long the
/// pieces are.
pub fn multipart(input: &[u8]) {
    let Some((&length, input)) = input.split_first() else { return };
    let whole = decode("b", input, &[input.len().max(1)], BOUNDS);
    for part in &whole.parts {
        assert!(part.data.len() as u64 <= BOUNDS.part_size && part.fields.len() <= BOUNDS.header_count);
        assert!(
            part.fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
                < BOUNDS.head_size
        );
    }
    assert!(whole.parts.len() <= BOUNDS.parts);
    assert_eq!(whole.has_ended, whole.refusal.is_none());
    assert!(whole.parts.iter().all(|part| part.is_whole) || !whole.has_ended);
    for length in [1, usize::from(length).max(1)] {
        let mut pieces = decode("b", input, &[length], BOUNDS);
        // How much of a part is told before it is too large depends on the pieces; that it is does not.
        if whole.refusal.as_ref().is_some_and(|refusal| refusal.status == 413) {
            assert!(pieces.parts.last().is_some_and(|part| !part.is_whole));
            pieces.parts.pop();
            assert_eq!(pieces.refusal, whole.refusal);
            assert!(pieces.parts.iter().eq(whole.parts.iter().take(pieces.parts.len())));
        } else {
            assert_eq!(pieces, whole);
        }
    }
}
