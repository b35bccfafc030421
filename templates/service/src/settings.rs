//! What differs from machine to machine: `[service]` of `vernal.toml`, and `VERNAL__SERVICE__…` in the environment.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use vernal::{Secret, config};

#[config("service")]
#[derive(Deserialize)]
pub struct Service {
    /// The directory of the data.
    pub data: PathBuf,
    /// How many tasks there may be.
    pub most_tasks: NonZeroUsize,
    /// What requests about tasks must show; anybody may ask without it. Never printed.
    #[serde(default, deserialize_with = "some_token")]
    pub token: Option<Secret<String>>,
}

/// Whoever sets an empty token does not mean that anybody may ask.
fn some_token<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret<String>>, D::Error> {
    let token = Option::<Secret<String>>::deserialize(from)?;
    match token.as_ref().map(|token| token.reveal().is_empty()) {
        Some(true) => Err(serde::de::Error::custom("it is empty: set it to a secret, or leave it out")),
        _ => Ok(token),
    }
}
