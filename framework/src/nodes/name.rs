//! Names that nodes and epochs give themselves.

/// A name that nothing else has: 128 random bits.
pub(crate) fn fresh_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
