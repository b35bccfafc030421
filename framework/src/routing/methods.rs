//! Which methods a mapping takes: a bit for each registered one, a list for all other tokens.
//!
//! Methods are case-sensitive tokens (RFC 9110, section 9.1). A mapping that names none takes every method
//! but CONNECT and TRACE, tokens nobody has registered included.

use std::fmt;

use http::Method;

/// A set of methods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MethodSet {
    /// Bits of the registered methods.
    registered: u16,
    /// Tokens that are not registered.
    others: Vec<Method>,
    /// Whether every token that is not registered is in the set too.
    any: bool,
}

impl MethodSet {
    /// Reads the tokens of a mapping; none means any method but CONNECT and TRACE.
    ///
    /// # Errors
    /// What is wrong with a token that is none.
    pub(super) fn parse(tokens: &[&str]) -> Result<MethodSet, String> {
        if tokens.is_empty() {
            return Ok(MethodSet {
                registered: !(bit(&Method::CONNECT) | bit(&Method::TRACE)),
                others: Vec::new(),
                any: true,
            });
        }
        let mut set = MethodSet::default();
        for token in tokens {
            let Ok(method) = Method::from_bytes(token.as_bytes()) else {
                return Err(format!("`{token}` is not a method: write a token such as `GET`"));
            };
            set.add(method);
        }
        Ok(set)
    }

    /// Whether `method` is in the set.
    #[inline]
    pub(crate) fn contains(&self, method: &Method) -> bool {
        match bit(method) {
            0 => self.contains_other(method),
            bit => self.registered & bit != 0,
        }
    }

    #[cold]
    fn contains_other(&self, method: &Method) -> bool {
        self.any || self.others.contains(method)
    }

    /// Whether the mapping named no method.
    pub(super) fn is_any(&self) -> bool {
        self.any
    }

    /// Whether some method is in both sets.
    pub(super) fn overlaps(&self, other: &MethodSet) -> bool {
        self.registered & other.registered != 0
            || (self.any && other.any)
            || self.others.iter().any(|method| other.contains(method))
            || other.others.iter().any(|method| self.contains(method))
    }

    /// Adds all methods of `other`.
    pub(super) fn merge(&mut self, other: &MethodSet) {
        self.registered |= other.registered;
        self.any |= other.any;
        for method in &other.others {
            self.add(method.clone());
        }
    }

    /// The value of `Allow` for a path whose mappings take these: HEAD comes with GET, OPTIONS is always
    /// answered.
    pub(super) fn allow(mut self) -> String {
        self.add(Method::OPTIONS);
        if self.contains(&Method::GET) {
            self.add(Method::HEAD);
        }
        self.to_string()
    }

    fn add(&mut self, method: Method) {
        match bit(&method) {
            0 if self.others.contains(&method) => {}
            0 => self.others.push(method),
            bit => self.registered |= bit,
        }
    }
}

/// The methods as `Allow` lists them. A set that takes unregistered tokens lists the registered ones in
/// common use.
impl fmt::Display for MethodSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let registered = LISTED.iter().filter(|method| self.registered & bit(method) != 0);
        let registered = registered.filter(|method| !self.any || **method != Method::QUERY);
        for (index, method) in registered.chain(&self.others).enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{method}")?;
        }
        Ok(())
    }
}

/// The bit of a registered method; 0 for other tokens.
#[inline]
fn bit(method: &Method) -> u16 {
    match *method {
        Method::GET => 1,
        Method::HEAD => 1 << 1,
        Method::POST => 1 << 2,
        Method::PUT => 1 << 3,
        Method::PATCH => 1 << 4,
        Method::DELETE => 1 << 5,
        Method::OPTIONS => 1 << 6,
        Method::QUERY => 1 << 7,
        Method::CONNECT => 1 << 8,
        Method::TRACE => 1 << 9,
        _ => 0,
    }
}

/// The order of `Allow`.
const LISTED: [Method; 10] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::QUERY,
    Method::CONNECT,
    Method::TRACE,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn set(tokens: &[&str]) -> MethodSet {
        MethodSet::parse(tokens).expect("tokens")
    }

    #[test]
    fn sets_take_what_they_name() {
        let table: [(&[&str], &str, bool); 12] = [
            (&["GET"], "GET", true),
            (&["GET"], "HEAD", false),
            (&["GET"], "get", false),
            (&["GET", "POST"], "POST", true),
            (&["PURGE"], "PURGE", true),
            (&["PURGE"], "PURGES", false),
            (&["QUERY"], "QUERY", true),
            (&[], "PATCH", true),
            (&[], "PURGE", true),
            (&[], "OPTIONS", true),
            (&[], "CONNECT", false),
            (&[], "TRACE", false),
        ];
        for (tokens, method, expected) in table {
            let method = Method::from_bytes(method.as_bytes()).expect("a token");
            assert_eq!(set(tokens).contains(&method), expected, "{tokens:?} {method}");
        }
        assert!(MethodSet::parse(&["GE T"]).is_err_and(|error| error.contains("`GE T` is not a method")));
        assert!(MethodSet::parse(&[""]).is_err());
    }

    #[test]
    fn overlap_is_mutual() {
        let table: [(&[&str], &[&str], bool); 7] = [
            (&["GET"], &["GET", "POST"], true),
            (&["GET"], &["POST"], false),
            (&["GET"], &[], true),
            (&["TRACE"], &[], false),
            (&["PURGE"], &[], true),
            (&["PURGE"], &["PURGE"], true),
            (&[], &[], true),
        ];
        for (one, other, expected) in table {
            assert_eq!(set(one).overlaps(&set(other)), expected, "{one:?} {other:?}");
            assert_eq!(set(other).overlaps(&set(one)), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn allow_adds_what_is_answered_unasked() {
        let table: [(&[&[&str]], &str); 6] = [
            (&[&["GET"]], "GET, HEAD, OPTIONS"),
            (&[&["POST"]], "POST, OPTIONS"),
            (&[&["POST"], &["GET"], &["PURGE"]], "GET, HEAD, POST, OPTIONS, PURGE"),
            (&[&["PURGE"], &["PURGE"]], "OPTIONS, PURGE"),
            (&[&["DELETE", "QUERY", "PATCH"]], "PATCH, DELETE, OPTIONS, QUERY"),
            (&[&[]], "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ];
        for (sets, expected) in table {
            let mut all = MethodSet::default();
            sets.iter().for_each(|tokens| all.merge(&set(tokens)));
            assert_eq!(all.allow(), expected, "{sets:?}");
        }
    }
}
