//! Masking (RFC 6455, section 5.3), which is its own reverse.

/// Masks or unmasks a piece of a payload that starts `offset` bytes into it.
#[inline]
pub(crate) fn apply(bytes: &mut [u8], mut key: [u8; 4], offset: usize) {
    key.rotate_left(offset % 4);
    let [a, b, c, d] = key;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    // The compiler makes vector instructions of this loop.
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for place in words {
        *place = (u64::from_ne_bytes(*place) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_masked_as_the_whole_is() {
        let key = [0x12, 0x34, 0x56, 0x78];
        for length in 0..70 {
            let plain: Vec<u8> = (0..length).map(|number| number as u8).collect();
            let expected: Vec<u8> =
                plain.iter().enumerate().map(|(index, byte)| byte ^ key[index % 4]).collect();
            for cut in 0..=length {
                let mut masked = plain.clone();
                let (left, right) = masked.split_at_mut(cut);
                apply(left, key, 0);
                apply(right, key, cut);
                assert_eq!(masked, expected, "{length} cut at {cut}");
            }
        }
    }
}
