//! Narrowing by parameters and header fields: `a=b`, `a!=b`, `a^=b`, `a`, `!a`.
//!
//! A name may have several values. `=` and `^=` hold if one value fits, `!=` if there are values and none is
//! equal; a name without values fails all three.

use crate::base::sorted;
use crate::matching::Expressions;

/// One expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Condition {
    /// The parameter or header field it is about.
    name: &'static str,
    test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Test {
    Present,
    Absent,
    Equal(&'static str),
    NotEqual(&'static str),
    StartsWith(&'static str),
}

/// Several expressions: all must hold, or one is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    list: Vec<Condition>,
    any: bool,
}

impl Condition {
    /// Reads one expression. Blanks around name and value do not count.
    ///
    /// # Errors
    /// What is wrong with it and what to write.
    pub(crate) fn parse(expression: &'static str) -> Result<Condition, String> {
        let (name, test) = match expression.split_once('=') {
            None => match expression.trim().strip_prefix('!') {
                Some(name) => (name, Test::Absent),
                None => (expression, Test::Present),
            },
            Some((name, value)) => {
                let value = value.trim();
                match (name.strip_suffix('!'), name.strip_suffix('^')) {
                    (Some(name), _) => (name, Test::NotEqual(value)),
                    (_, Some(name)) => (name, Test::StartsWith(value)),
                    _ => (name, Test::Equal(value)),
                }
            }
        };
        let name = name.trim();
        if name.is_empty() || name.starts_with('!') {
            return Err(format!(
                "`{expression}` is not a condition: write `a=b`, `a!=b`, `a^=b`, `a` or `!a`"
            ));
        }
        Ok(Condition { name, test })
    }

    /// Whether the values of the name fit.
    pub(crate) fn holds<'v>(&self, mut values: impl Iterator<Item = &'v [u8]>) -> bool {
        match self.test {
            Test::Present => values.next().is_some(),
            Test::Absent => values.next().is_none(),
            Test::Equal(wanted) => values.any(|value| value == wanted.as_bytes()),
            Test::StartsWith(wanted) => values.any(|value| value.starts_with(wanted.as_bytes())),
            Test::NotEqual(unwanted) => {
                let mut values = values.peekable();
                values.peek().is_some() && values.all(|value| value != unwanted.as_bytes())
            }
        }
    }
}

impl Conditions {
    /// Reads the expressions of a mapping.
    ///
    /// # Errors
    /// As [`Condition::parse`].
    pub(crate) fn parse(expressions: &Expressions) -> Result<Conditions, String> {
        let mut list =
            expressions.list.iter().map(|text| Condition::parse(text)).collect::<Result<Vec<_>, _>>()?;
        // Sorted, so that two mappings with the same conditions are known to be the same.
        sorted::sort_by(&mut list, Ord::cmp);
        list.dedup();
        Ok(Conditions { any: expressions.any && list.len() > 1, list })
    }

    /// Whether there is nothing to hold.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How much they narrow: each that must hold counts, of alternatives only one.
    pub(crate) fn weight(&self) -> usize {
        if self.any { 1 } else { self.list.len() }
    }

    /// Whether they hold; `values` lends all values of a name.
    pub(crate) fn hold<'v, I: Iterator<Item = &'v [u8]>>(&self, values: impl Fn(&'static str) -> I) -> bool {
        let holds = |condition: &Condition| condition.holds(values(condition.name));
        if self.any { self.list.iter().any(holds) } else { self.list.iter().all(holds) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(list: &'static [&'static str], any: bool) -> Conditions {
        Conditions::parse(&Expressions { list, any }).expect("conditions")
    }

    fn hold(conditions: &Conditions, values: &[(&str, &str)]) -> bool {
        conditions.hold(|name| {
            values.iter().filter(move |(other, _)| *other == name).map(|(_, value)| value.as_bytes())
        })
    }

    #[test]
    fn each_expression_means_what_it_says() {
        let none: &[(&str, &str)] = &[("z", "b")];
        let one: &[(&str, &str)] = &[("a", "b")];
        let other: &[(&str, &str)] = &[("a", "bc")];
        let both: &[(&str, &str)] = &[("a", "x"), ("a", "b")];
        let empty: &[(&str, &str)] = &[("a", "")];
        let table: [(&'static str, [bool; 5]); 9] = [
            ("a=b", [false, true, false, true, false]),
            ("a!=b", [false, false, true, false, true]),
            ("a^=b", [false, true, true, true, false]),
            ("a", [false, true, true, true, true]),
            ("!a", [true, false, false, false, false]),
            ("a=", [false, false, false, false, true]),
            (" a = b ", [false, true, false, true, false]),
            ("a != b", [false, false, true, false, true]),
            (" ! a ", [true, false, false, false, false]),
        ];
        for (expression, expected) in table {
            let condition = Condition::parse(expression).expect(expression);
            for (values, expected) in [none, one, other, both, empty].into_iter().zip(expected) {
                let found = values
                    .iter()
                    .filter(|(name, _)| *name == condition.name)
                    .map(|(_, value)| value.as_bytes());
                assert_eq!(condition.holds(found), expected, "{expression} with {values:?}");
            }
        }
    }

    #[test]
    fn values_may_hold_the_signs() {
        let condition = Condition::parse("a=b=c!").expect("a condition");
        assert!(condition.holds([b"b=c!".as_slice()].into_iter()));
        let condition = Condition::parse("filter[name]=x").expect("a condition");
        assert_eq!(condition.name, "filter[name]");
    }

    #[test]
    fn all_or_one() {
        type Values = &'static [(&'static str, &'static str)];
        let table: [(bool, Values, bool); 6] = [
            (false, &[("a", "1"), ("b", "2")], true),
            (false, &[("a", "1")], false),
            (true, &[("a", "1")], true),
            (true, &[("b", "2")], true),
            (true, &[("a", "2")], false),
            (true, &[], false),
        ];
        for (any, values, expected) in table {
            assert_eq!(hold(&conditions(&["a=1", "b"], any), values), expected, "{any} {values:?}");
        }
        assert!(hold(&conditions(&[], false), &[]) && hold(&conditions(&[], true), &[]));
    }

    #[test]
    fn equal_sets_are_equal() {
        assert_eq!(conditions(&["a=1", "b"], false), conditions(&["b", "a = 1", "b"], false));
        assert_ne!(conditions(&["a=1", "b"], false), conditions(&["a=1", "b"], true));
        assert_eq!(conditions(&["a=1"], false), conditions(&["a=1"], true));
        assert_eq!((conditions(&["a", "b"], false).weight(), conditions(&["a", "b"], true).weight()), (2, 1));
    }

    #[test]
    fn nonsense_is_refused() {
        for expression in ["", " ", "!", "=b", "!=b", "^=b", "!a=b", "!!a"] {
            let error = Condition::parse(expression).expect_err(expression);
            assert!(error.contains("`a!=b`"), "{error}");
        }
    }
}
