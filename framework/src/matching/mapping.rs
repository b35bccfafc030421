//! Which requests an item is for, in the words of its attributes. Const data, as the macros emit it.

use super::regexp::Expression;

/// A list of `params` or `headers` expressions.
#[derive(Clone, Copy, Debug)]
pub struct Expressions {
    /// Each as it was written, `a!=b`; the macro has checked the grammar.
    pub list: &'static [&'static str],
    /// Whether one that holds is enough (`any(…)`); else all must hold.
    pub any: bool,
}

impl Expressions {
    /// No condition.
    pub const NONE: Expressions = Expressions { list: &[], any: false };
}

/// Which requests an item is for. The macros have joined the parts of impl block and method already.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// Path patterns, each with its leading slash (a pattern that starts with a star has none).
    pub paths: &'static [&'static str],
    /// A regular expression instead of path patterns.
    pub regexp: Option<Expression>,
    /// Method tokens in upper case unless unknown; empty is every method but CONNECT and TRACE.
    pub methods: &'static [&'static str],
    /// Narrowing by parameters.
    pub params: Expressions,
    /// Narrowing by header fields.
    pub headers: Expressions,
    /// Lower comes first among equally specific ones.
    pub order: i32,
    /// The application this belongs to; `None` is the default one.
    pub app: Option<&'static str>,
    /// A subprotocol that the peer must offer; for WebSocket routes.
    pub protocol: Option<&'static str>,
}

impl Mapping {
    /// Any method, no condition, default application, no path.
    pub const ANY: Mapping = Mapping {
        paths: &[],
        regexp: None,
        methods: &[],
        params: Expressions::NONE,
        headers: Expressions::NONE,
        order: 0,
        app: None,
        protocol: None,
    };

    /// What functions for the events of WebSocket sessions must agree in to be one handler.
    pub(crate) fn shape(&self) -> String {
        let paths: Vec<String> = self.paths.iter().map(|path| shape(path)).collect();
        format!("{paths:?} {:?} {:?} {:?} {:?}", self.regexp, self.params, self.headers, self.protocol)
    }
}

/// A path with its variables without names, by which none differs from another (OpenAPI 3.1, section 4.8.8.1).
pub(crate) fn shape(path: &str) -> String {
    let mut shape = String::with_capacity(path.len());
    let mut is_name = false;
    for char in path.chars() {
        is_name &= char != '}';
        if !is_name {
            shape.push(char);
        }
        is_name |= char == '{';
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_do_not_matter() {
        assert_eq!(shape("/a/{x}/b-{y}"), shape("/a/{name}/b-{z}"));
        assert_ne!(shape("/a/{x}"), shape("/a/x"));
    }
}
