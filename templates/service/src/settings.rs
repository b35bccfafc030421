//! What differs from machine to machine, by the environment.

use std::path::PathBuf;

use vernal::prelude::*;

pub struct Settings {
    /// The directory of the data: `SERVICE_DATA`, here without it.
    pub data: PathBuf,
    /// What requests about tasks must show: `SERVICE_TOKEN`, anybody without it.
    pub token: Option<String>,
    /// How many tasks there may be: `SERVICE_TASKS`, 1000 without it.
    pub most_tasks: usize,
}

impl Settings {
    /// Reads them; an error names the variable, and stops the start.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Settings> {
        let most_tasks = match variable("SERVICE_TASKS") {
            None => 1000,
            Some(text) => text.parse().ok().filter(|count| *count > 0).ok_or_else(|| {
                Error::internal(format!("SERVICE_TASKS is a number from 1, and {text:?} is none"))
            })?,
        };
        let token = variable("SERVICE_TOKEN");
        if token.as_deref() == Some("") {
            return Err(Error::internal("SERVICE_TOKEN is empty: set it to a secret, or leave it out"));
        }
        let data = variable("SERVICE_DATA").map_or_else(|| PathBuf::from("."), PathBuf::from);
        Ok(Settings { data, token, most_tasks })
    }
}
