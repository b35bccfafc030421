//! Random bytes: keys that mask, ids of sessions, keys of handshakes.
//!
//! A masking key must not be predictable (RFC 6455, section 5.3), so all come from the system, some at a time.

use std::cell::RefCell;

struct Pool {
    bytes: [u8; 256],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; 256], used: 256 }) };
}

/// A fresh masking key.
pub(super) fn mask_key() -> [u8; 4] {
    POOL.with_borrow_mut(|pool| {
        if pool.used + 4 > pool.bytes.len() {
            fill(&mut pool.bytes);
            pool.used = 0;
        }
        let mut key = [0; 4];
        key.copy_from_slice(&pool.bytes[pool.used..pool.used + 4]);
        pool.used += 4;
        key
    })
}

/// 128 random bits.
pub(crate) fn bits_128() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    bytes
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has random bytes");
}
