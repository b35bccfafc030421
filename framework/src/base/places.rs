//! Where settings were written whose values are judged only when they are used.

use std::collections::BTreeMap;

/// See the head of this file: the places by their keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(BTreeMap<String, String>);

impl Places {
    /// Remembers where a key was written.
    #[cfg(feature = "config")]
    pub(crate) fn keep(&mut self, key: String, place: String) {
        self.0.insert(key, place);
    }

    /// Forgets a key that the program sets itself.
    #[cfg(feature = "config")]
    pub(crate) fn forget(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// What is wrong with a value: with the place and the key where settings say it, else with the setter.
    pub(crate) fn tell(&self, key: &str, setter: &str, words: &str) -> String {
        match self.before(key) {
            before if before.is_empty() => format!("{words} ({setter})"),
            before => format!("{before}{words}"),
        }
    }

    /// Words that name setters of this type, about a key of this section: with its place, and by the names that settings have.
    pub(crate) fn in_keys(&self, key: &str, of: &str, words: &str) -> String {
        let section = key.split('.').next().unwrap_or_default();
        match self.before(key) {
            before if before.is_empty() => words.to_owned(),
            before => format!("{before}{}", words.replace(&format!("{of}::"), &format!("{section}."))),
        }
    }

    /// What stands before words about a key that settings say: nothing if they do not.
    pub(crate) fn before(&self, key: &str) -> String {
        self.0.get(key).map(|place| format!("{place}: `{key}`: ")).unwrap_or_default()
    }
}
