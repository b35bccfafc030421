//! The files that settings are read from.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::document;
use super::value::Table;
use crate::base::{did_you_mean, say};
use crate::io::is_named_pipe;

/// Reads a file that the program names.
///
/// # Errors
/// There is none, it cannot be read, or is no TOML: each mistake, with its place.
pub(super) fn read(path: &Path) -> Result<Option<Table>, Vec<String>> {
    let name = path.display();
    let failed = |what: String| Err(vec![format!("{name}: {what}")]);
    let mut bytes = Vec::new();
    if is_named_pipe(path) {
        say!(info, "{name} is a pipe: the settings are waited for that somebody writes into it");
    }
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.is_relative().then(|| std::env::current_dir().unwrap_or_default());
            let folder = folder.map(|folder| format!(", looked for from {}", folder.display()));
            return failed(format!("there is no such file{}", folder.unwrap_or_default()));
        }
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            return failed("this is a directory: name the file in it".to_owned());
        }
        Err(error) => return failed(format!("the settings cannot be read: {error}")),
    }
    if bytes.len() as u64 > LARGEST {
        return failed(format!("the file is larger than {} MiB, which are no settings", LARGEST >> 20));
    }
    let text = match str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            return Err(vec![format!("{name}:{line}: the file is not UTF-8: save it as UTF-8")]);
        }
    };
    document::read(text, &name.to_string()).map(Some)
}

/// Reads a file that is looked for by its name; `None` if there is none. Nobody has named what is no file on purpose.
///
/// # Errors
/// As [`read`], and what is there is neither a file nor a link to one.
pub(super) fn read_found(path: &Path) -> Result<Option<Table>, Vec<String>> {
    let failed = |what: String| Err(vec![format!("{}: {what}", path.display())]);
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            failed("this is no regular file: put one here, or name it with `Settings::file`".to_owned())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => failed(format!(
                "this is a link to {}, which is not there: mend or remove it",
                target.display()
            )),
            Err(_) => Ok(None),
        },
        _ => read(path),
    }
}

/// The file of a profile.
///
/// # Errors
/// There is none, or that is no name.
pub(super) fn of_profile(directory: &Path, profile: &str) -> Result<PathBuf, String> {
    let is_name = profile.chars().all(|char| char.is_alphanumeric() || matches!(char, '-' | '_'));
    if !is_name {
        return Err(format!("`{profile}` is no name of a profile: write letters, digits, `-` and `_`"));
    }
    let path = directory.join(format!("vernal.{profile}.toml"));
    if path.exists() || path.is_symlink() {
        return Ok(path);
    }
    let names = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let profile_of = |name: &str| Some(name.strip_prefix("vernal.")?.strip_suffix(".toml")?.to_owned());
    let mut profiles: Vec<_> = names.filter_map(|name| profile_of(name.to_str()?)).collect();
    profiles.sort();
    let hint = match did_you_mean(profile, profiles.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if profiles.is_empty() => "make it, be it empty".to_owned(),
        None => format!("there are {}", profiles.join(", ")),
    };
    Err(format!("the profile `{profile}` has no file {}: {hint}", path.display()))
}

/// More bytes than anybody writes.
const LARGEST: u64 = 1 << 20;
