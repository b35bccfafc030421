//! How a server is, as those see it who are told of it.

/// What a server says of its life.
pub(crate) trait Life: Send + Sync {
    /// Whether it takes connections, and means to go on doing so.
    fn is_ready(&self) -> bool;

    /// How many connections are open.
    fn connections(&self) -> usize;
}
