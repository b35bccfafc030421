//! A span for each request, and whose word is taken for the trace that it is a part of.

mod settings;
mod spans;

pub use settings::Tracing;
