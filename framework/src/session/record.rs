//! A session as it is kept, and what a request changed in it.
//!
//! A request reads a session once and writes back only what it changed, value by value, so that requests at the same
//! time do not undo each other's changes to other values.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::http::Error;

/// What became of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// They are kept. The session is kept for this long without use.
    Kept(Duration),
    /// There is no such session any more; nothing was written.
    Gone,
    /// The value that the changes depend on is another one; nothing was written.
    Conflict,
}

/// A session as a store keeps it: values as JSON texts by name, and its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Shared with the requests that read it; copied when it is changed.
    pub(super) values: Arc<Values>,
    pub(super) created: SystemTime,
    pub(super) accessed: SystemTime,
    pub(super) max_inactive: Duration,
}

/// JSON texts by name.
pub(super) type Values = BTreeMap<Arc<str>, Arc<str>>;

impl SessionRecord {
    /// A session without values.
    pub fn new(created: SystemTime, accessed: SystemTime, max_inactive: Duration) -> SessionRecord {
        SessionRecord { values: Arc::default(), created, accessed, max_inactive }
    }

    /// Sets a value to a JSON text.
    pub fn insert(&mut self, name: &str, json: &str) {
        Arc::make_mut(&mut self.values).insert(name.into(), json.into());
    }

    /// Every value, by name, as a JSON text.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (&**name, &**value))
    }

    /// When it began.
    pub fn created(&self) -> SystemTime {
        self.created
    }

    /// When it was used last.
    pub fn accessed(&self) -> SystemTime {
        self.accessed
    }

    /// How long it is kept without use.
    pub fn max_inactive(&self) -> Duration {
        self.max_inactive
    }

    /// Whether it has not been used for longer than it is kept.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        now.duration_since(self.accessed).is_ok_and(|unused| unused >= self.max_inactive)
    }

    /// Applies changes to what a store holds under an id: `None` is no session, and stays none unless the changes
    /// begin one. Expired sessions must be `None` already.
    pub fn save(record: &mut Option<SessionRecord>, changes: &SessionChanges) -> Saved {
        if changes.is_new && record.is_none() {
            *record = Some(SessionRecord::begun(changes));
        }
        record.as_mut().map_or(Saved::Gone, |record| record.apply(changes))
    }

    /// What changes that begin a session begin with.
    pub(super) fn begun(changes: &SessionChanges) -> SessionRecord {
        SessionRecord::new(changes.created, changes.now, changes.max_inactive.unwrap_or_default())
    }

    /// Applies changes to a session that is there.
    pub(super) fn apply(&mut self, changes: &SessionChanges) -> Saved {
        if let Some((name, expected)) = &changes.expected
            && self.values.get(name) != expected.as_ref()
        {
            return Saved::Conflict;
        }
        if !changes.values.is_empty() {
            apply(Arc::make_mut(&mut self.values), &changes.values);
        }
        self.accessed = changes.now;
        self.max_inactive = changes.max_inactive.unwrap_or(self.max_inactive);
        Saved::Kept(self.max_inactive)
    }

    /// The whole record as one text.
    pub fn to_json(&self) -> String {
        let values: Map<_, _> =
            self.values().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        let record = json!({
            "created": millis(self.created),
            "accessed": millis(self.accessed),
            "max_inactive": millis_of(self.max_inactive),
            "values": values,
        });
        record.to_string()
    }

    /// Reads what [`SessionRecord::to_json`] wrote; `None` if it is something else.
    pub fn from_json(text: &str) -> Option<SessionRecord> {
        let record: Value = serde_json::from_str(text).ok()?;
        let number = |name: &str| record.get(name).and_then(Value::as_u64);
        let mut values = Values::new();
        for (name, value) in record.get("values")?.as_object()? {
            values.insert(name.as_str().into(), value.as_str()?.into());
        }
        Some(SessionRecord {
            values: Arc::new(values),
            created: time(number("created")?),
            accessed: time(number("accessed")?),
            max_inactive: Duration::from_millis(number("max_inactive")?),
        })
    }
}

/// What a request changed in a session. Its values are to be written together.
#[derive(Clone, Debug)]
pub struct SessionChanges {
    pub(super) is_new: bool,
    pub(super) values: BTreeMap<Arc<str>, Option<Arc<str>>>,
    pub(super) expected: Option<(Arc<str>, Option<Arc<str>>)>,
    pub(super) max_inactive: Option<Duration>,
    pub(super) created: SystemTime,
    pub(super) now: SystemTime,
}

impl SessionChanges {
    /// No change but that the session is used now.
    pub(super) fn touch(now: SystemTime) -> SessionChanges {
        SessionChanges {
            is_new: false,
            values: BTreeMap::new(),
            expected: None,
            max_inactive: None,
            created: now,
            now,
        }
    }

    /// What makes a new session like this one.
    pub(super) fn whole(record: &SessionRecord) -> SessionChanges {
        SessionChanges {
            is_new: true,
            values: record
                .values
                .iter()
                .map(|(name, value)| (Arc::clone(name), Some(Arc::clone(value))))
                .collect(),
            expected: None,
            max_inactive: Some(record.max_inactive),
            created: record.created,
            now: record.accessed,
        }
    }

    /// Whether they begin a session; else it must be there.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The values that are set, as JSON texts, and those that are removed, by name.
    pub fn values(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.values.iter().map(|(name, value)| (&**name, value.as_deref()))
    }

    /// A value that must still be this, or must still be absent, for any of the changes to be made.
    pub fn expected(&self) -> Option<(&str, Option<&str>)> {
        self.expected.as_ref().map(|(name, value)| (&**name, value.as_deref()))
    }

    /// How long the session is kept without use from now on, if that changes; always there for a new one.
    pub fn max_inactive(&self) -> Option<Duration> {
        self.max_inactive
    }

    /// When a new session began.
    pub fn created(&self) -> SystemTime {
        self.created
    }

    /// When the session is used: now.
    pub fn now(&self) -> SystemTime {
        self.now
    }
}

/// Sets and removes values.
pub(super) fn apply(values: &mut Values, changes: &BTreeMap<Arc<str>, Option<Arc<str>>>) {
    for (name, value) in changes {
        match value {
            Some(value) => values.insert(Arc::clone(name), Arc::clone(value)),
            None => values.remove(name),
        };
    }
}

/// Milliseconds since 1970.
pub(super) fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, millis_of)
}

/// Whole milliseconds.
pub(super) fn millis_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The time so many milliseconds after 1970, as far as there is one.
pub(super) fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(UNIX_EPOCH)
}

/// A change that comes too late: its session has ended.
pub(super) fn gone() -> Error {
    Error::conflict("the session has ended meanwhile")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn changes(values: &[(&str, Option<&str>)]) -> SessionChanges {
        let values = values.iter().map(|(name, value)| ((*name).into(), value.map(Into::into))).collect();
        SessionChanges { values, ..SessionChanges::touch(at(20)) }
    }

    fn record() -> SessionRecord {
        let mut record = SessionRecord::new(at(1), at(2), Duration::from_secs(60));
        record.insert("a", "1");
        record.insert("b", "\"x\"");
        record
    }

    #[test]
    fn changes_are_made_value_by_value() {
        let mut held = Some(record());
        let other = record();
        let saved =
            SessionRecord::save(&mut held, &changes(&[("a", Some("2")), ("b", None), ("c", Some("3"))]));
        assert_eq!(saved, Saved::Kept(Duration::from_secs(60)));
        let held = held.expect("still there");
        assert_eq!(held.values().collect::<Vec<_>>(), [("a", "2"), ("c", "3")]);
        assert_eq!((held.created(), held.accessed()), (at(1), at(20)));
        assert_eq!(other.values().count(), 2, "what another request has read stays as it was");
    }

    #[test]
    fn what_is_gone_does_not_come_back_and_what_is_new_does() {
        let mut held = None;
        let mut changes = changes(&[("a", Some("1"))]);
        assert_eq!(SessionRecord::save(&mut held, &changes), Saved::Gone);
        assert_eq!(held, None);
        (changes.is_new, changes.max_inactive) = (true, Some(Duration::from_secs(9)));
        assert_eq!(SessionRecord::save(&mut held, &changes), Saved::Kept(Duration::from_secs(9)));
        assert_eq!(held.expect("begun").values().collect::<Vec<_>>(), [("a", "1")]);
    }

    #[test]
    fn an_expectation_guards_all_changes() {
        let table = [
            ("a", Some("1"), true),
            ("a", Some("2"), false),
            ("a", None, false),
            ("z", None, true),
            ("z", Some("1"), false),
        ];
        for (name, value, holds) in table {
            let mut held = Some(record());
            let expected = Some((name.into(), value.map(Into::into)));
            let changes = SessionChanges { expected, ..changes(&[("n", Some("1"))]) };
            let saved = SessionRecord::save(&mut held, &changes);
            assert_eq!(matches!(saved, Saved::Kept(_)), holds, "{name} {value:?}");
            assert_eq!(held.expect("there").values().any(|(name, _)| name == "n"), holds, "{name} {value:?}");
        }
    }

    #[test]
    fn a_record_is_read_back_from_its_text() {
        assert_eq!(SessionRecord::from_json(&record().to_json()), Some(record()));
        for text in [
            "",
            "{}",
            "[]",
            "{\"created\":1,\"accessed\":1,\"max_inactive\":1,\"values\":{\"a\":1}}",
            "\u{0}",
        ] {
            assert_eq!(SessionRecord::from_json(text), None, "{text}");
        }
        let far = r#"{"created":18446744073709551615,"accessed":1,"max_inactive":18446744073709551615,"values":{}}"#;
        assert!(
            SessionRecord::from_json(far).is_some_and(|record| !record.is_expired(at(u64::from(u32::MAX))))
        );
    }

    #[test]
    fn a_session_expires_when_its_time_without_use_is_over() {
        let record = record();
        let table = [(0, false), (2, false), (61, false), (62, true), (1_000, true)];
        for (second, expected) in table {
            assert_eq!(record.is_expired(at(second)), expected, "{second}");
        }
    }
}
