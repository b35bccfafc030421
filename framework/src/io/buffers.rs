//! Buffers of a thread for what is read without an exchange: lent while bytes move, given back when they rest.

use std::cell::RefCell;

use bytes::BytesMut;

thread_local! {
    #[allow(clippy::vec_box, reason = "they are lent as they lie here: who has none holds no more than that")]
    static READING: RefCell<Vec<Box<BytesMut>>> = const { RefCell::new(Vec::new()) };
}

/// The size a buffer is made with.
pub(crate) const SIZE: usize = 16 << 10;

/// Buffers above this size are let go.
pub(crate) const LARGEST: usize = 256 << 10;

/// How many buffers a thread keeps.
pub(crate) const KEPT: usize = 64;

/// An empty buffer to read into.
#[inline]
pub(crate) fn lend_for_reading() -> Box<BytesMut> {
    READING.with_borrow_mut(Vec::pop).unwrap_or_else(|| Box::new(BytesMut::with_capacity(SIZE)))
}

/// Gives a buffer back, unless somebody still holds what was split off it.
#[inline]
pub(crate) fn return_from_reading(mut buffer: Box<BytesMut>) {
    buffer.clear();
    if buffer.try_reclaim(SIZE) && buffer.capacity() <= LARGEST {
        READING.with_borrow_mut(|kept| {
            if kept.len() < KEPT {
                kept.push(buffer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_when_nobody_holds_a_part_of_it() {
        let mut buffer = lend_for_reading();
        buffer.extend_from_slice(b"message");
        let place = buffer.as_ptr();
        let message = buffer.split_to(7).freeze();
        return_from_reading(buffer);
        assert_ne!(lend_for_reading().as_ptr(), place, "the message is still held");
        let mut buffer = lend_for_reading();
        let place = buffer.as_ptr();
        buffer.extend_from_slice(b"message");
        drop(buffer.split_to(7).freeze());
        return_from_reading(buffer);
        assert_eq!(lend_for_reading().as_ptr(), place);
        assert_eq!(message, "message");
    }

    #[test]
    fn large_buffers_are_let_go() {
        return_from_reading(Box::new(BytesMut::with_capacity(LARGEST + 1)));
        assert!(lend_for_reading().capacity() <= LARGEST);
    }
}
