//! `range`, `length`, `pattern`, `items` and `valid` of `#[arg(…)]`: what a value must be once it is bound.
//!
//! Which of them a type takes, its traits decide; here is what can be said of the literals alone.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit, LitStr, RangeLimits, UnOp};

use super::Options;
use crate::errors::Errors;

/// What `#[arg(…)]` asks of a value.
#[derive(Default)]
pub(crate) struct Constraints {
    /// Of every number.
    pub(crate) range: Option<Bounds>,
    /// Of every text, in characters.
    pub(crate) length: Option<Bounds>,
    /// Of every text.
    pub(crate) pattern: Option<LitStr>,
    /// Of a list.
    pub(crate) items: Option<Bounds>,
    /// By rules of the type's own.
    pub(crate) valid: Option<Span>,
}

/// `low..=high`, of which one may be absent.
pub(crate) struct Bounds {
    pub(crate) low: Option<Expr>,
    pub(crate) high: Option<Expr>,
    pub(crate) span: Span,
}

impl Constraints {
    /// Takes them out of the options; `default` is checked against them as far as both are literals.
    pub(super) fn take(options: &mut Options, default: Option<&Expr>, errors: &mut Errors) -> Constraints {
        let taken = Constraints {
            range: Bounds::take("range", "1..=100", options, errors),
            length: Bounds::take("length", "1..=40", options, errors),
            pattern: options.take_text("pattern", errors),
            items: Bounds::take("items", "1..=10", options, errors),
            valid: options.take_word("valid", errors),
        };
        let regex = taken.pattern.as_ref().and_then(|pattern| compiled(pattern, errors));
        if let Some(default) = default {
            taken.check_default(default, regex.as_ref(), errors);
        }
        taken
    }

    /// Whether nothing is asked.
    pub(crate) fn is_empty(&self) -> bool {
        let bounds = [&self.range, &self.length, &self.items];
        bounds.iter().all(|bounds| bounds.is_none()) && self.pattern.is_none() && self.valid.is_none()
    }

    fn check_default(&self, default: &Expr, regex: Option<&regex_lite::Regex>, errors: &mut Errors) {
        let number = Number::of(default);
        if let (Some(range), Some(number)) = (&self.range, number)
            && !range.holds(number)
        {
            errors.under(default, "the default is out of its own range: choose one that may be sent, too");
        }
        let Some(text) = text_of(default) else { return };
        let count = text.chars().count();
        if let Some(length) = &self.length
            && !length.holds(Number::Integer(count as i128))
        {
            let plural = if count == 1 { "" } else { "s" };
            errors.under(
                default,
                format!("the default has {count} character{plural}, which its own `length` refuses: choose one that may be sent, too"),
            );
        }
        if regex.is_some_and(|regex| !regex.is_match(&text)) {
            errors.under(
                default,
                "the default does not match its own pattern: choose one that may be sent, too",
            );
        }
    }
}

fn compiled(pattern: &LitStr, errors: &mut Errors) -> Option<regex_lite::Regex> {
    match regex_lite::Regex::new(&pattern.value()) {
        Ok(regex) => Some(regex),
        Err(error) => {
            errors.under(pattern, format!("this pattern does not compile: {error}"));
            None
        }
    }
}

impl Bounds {
    fn take(key: &'static str, example: &str, options: &mut Options, errors: &mut Errors) -> Option<Bounds> {
        let value = options.take_expression(key, example, errors)?;
        let span = value.span();
        let Expr::Range(range) = ungrouped(&value) else {
            errors.under(&value, format!("`{key}` wants both ends, or one: write `{key} = {example}`"));
            return None;
        };
        let bounds =
            Bounds { low: range.start.as_deref().cloned(), high: range.end.as_deref().cloned(), span };
        let problem = match (&bounds.low, &bounds.high, &range.limits) {
            (None, None, _) => format!("a `{key}` without ends refuses nothing: leave it out"),
            (_, Some(_), RangeLimits::HalfOpen(_)) => {
                format!("the last one that is allowed is written down: `{key} = {example}`, with `..=`")
            }
            _ if bounds.is_void() => format!("there is nothing in this `{key}`: the lower end comes first"),
            _ => return Some(bounds),
        };
        errors.under(&value, problem);
        None
    }

    fn ends(&self) -> [Option<Number>; 2] {
        [&self.low, &self.high].map(|end| end.as_ref().and_then(Number::of))
    }

    fn is_void(&self) -> bool {
        let [low, high] = self.ends();
        low.zip(high).is_some_and(|(low, high)| low.as_float() > high.as_float())
    }

    /// Whether a number is in it, as far as its ends are literals.
    fn holds(&self, number: Number) -> bool {
        let [low, high] = self.ends();
        low.is_none_or(|low| low.as_float() <= number.as_float())
            && high.is_none_or(|high| number.as_float() <= high.as_float())
    }
}

/// A literal.
#[derive(Clone, Copy)]
enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    fn of(expression: &Expr) -> Option<Number> {
        match ungrouped(expression) {
            Expr::Lit(ExprLit { lit: Lit::Int(integer), .. }) => {
                integer.base10_parse().ok().map(Number::Integer)
            }
            Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) => float.base10_parse().ok().map(Number::Float),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match Number::of(&unary.expr)? {
                Number::Integer(integer) => Some(Number::Integer(-integer)),
                Number::Float(float) => Some(Number::Float(-float)),
            },
            _ => None,
        }
    }

    /// Near enough to tell a slip.
    fn as_float(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "a slip is far larger")]
            Number::Integer(integer) => integer as f64,
            Number::Float(float) => float,
        }
    }
}

fn text_of(expression: &Expr) -> Option<String> {
    match ungrouped(expression) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

fn ungrouped(expression: &Expr) -> &Expr {
    match expression {
        Expr::Group(group) => ungrouped(&group.expr),
        Expr::Paren(paren) => ungrouped(&paren.expr),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<String> {
        let mut errors = Errors::new();
        let mut options = Options::parse(source.parse().expect("tokens"), &mut errors);
        let default = options.take_optional("default").and_then(|(_, value)| value);
        let taken = Constraints::take(&mut options, default.as_ref(), &mut errors);
        options.finish("arg", &mut errors);
        let told = errors.texts();
        assert!(!taken.is_empty() || !told.is_empty(), "{source}");
        told
    }

    #[test]
    fn constraints_that_are_well_formed() {
        for source in [
            "range = 1..=100",
            "range = -1..",
            "range = ..=0.5",
            "range = (1..=2)",
            "range = MIN..=Self::MAX",
            "range = -5..=-5, default = -5",
            "range = 1..=100, default = COUNT",
            "length = 1..=40, default = \"äöü\"",
            "pattern = \"^[a-z]+$\", default = \"a\"",
            "items = ..=10, default",
        ] {
            assert!(told(source).is_empty(), "{source}: {:?}", told(source));
        }
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            ("range = 5", "`range` wants both ends, or one: write `range = 1..=100`"),
            ("length = 5", "`length` wants both ends, or one: write `length = 1..=40`"),
            ("range", "`range` wants a value: write `range = 1..=100`"),
            ("range = ..", "a `range` without ends refuses nothing: leave it out"),
            ("range = 1..9", "the last one that is allowed is written down: `range = 1..=100`, with `..=`"),
            ("items = 5..=1", "there is nothing in this `items`: the lower end comes first"),
            (
                "range = 1..=9, default = 0",
                "the default is out of its own range: choose one that may be sent, too",
            ),
            (
                "range = ..=0.5, default = 0.6",
                "the default is out of its own range: choose one that may be sent, too",
            ),
            (
                "length = 2.., default = \"a\"",
                "the default has 1 character, which its own `length` refuses: choose one that may be sent, too",
            ),
            (
                "pattern = \"^a$\", default = \"b\"",
                "the default does not match its own pattern: choose one that may be sent, too",
            ),
            ("pattern = 5", "this must be a string literal: write \"5\", with quotes"),
            ("lenght = 1..", "`arg` has no option `lenght`: did you mean `length`?"),
        ];
        for (source, expected) in table {
            assert_eq!(told(source), [expected], "{source}");
        }
        assert!(told("pattern = \"[a\"")[0].starts_with("this pattern does not compile: "));
    }
}
