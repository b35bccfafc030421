//! Whether patterns, methods, expressions and regular expressions are well formed: everything that can be known
//! before the server starts is told while compiling, at the literal that is wrong.

use proc_macro2::Span;
use syn::LitStr;

use crate::errors::{Errors, did_you_mean};
use crate::foreign::spelled_elsewhere;

/// A path pattern, well formed and joined with its prefix.
#[derive(Clone)]
pub(crate) struct Pattern {
    /// As it is registered: with a leading slash, unless it starts with a star.
    pub(crate) text: String,
    /// The names in braces.
    pub(crate) variables: Vec<String>,
    /// Whether it starts or ends with a star, whose text a `PathValue` of any name takes.
    pub(crate) has_star: bool,
    /// Where it is written.
    pub(crate) span: Span,
}

/// A regular expression that compiles.
#[derive(Clone)]
pub(crate) struct Regexp {
    pub(crate) text: LitStr,
    /// The number of its parentheses that capture.
    pub(crate) groups: usize,
}

impl Pattern {
    /// `text` is the literal's value, or that joined with a prefix.
    pub(crate) fn parse(literal: &LitStr, text: &str, errors: &mut Errors) -> Option<Pattern> {
        match Pattern::read(text, literal.span()) {
            Ok(pattern) => Some(pattern),
            Err(problem) => {
                errors.under(literal, problem);
                None
            }
        }
    }

    fn read(text: &str, span: Span) -> Result<Pattern, String> {
        if let Some(problem) = spelled_elsewhere(text) {
            return Err(problem);
        }
        let bare = text.strip_prefix('/').unwrap_or(text);
        check_letters(bare)?;
        let segments: Vec<&str> = bare.split('/').collect();
        let last = segments.len() - 1;
        let mut variables: Vec<String> = Vec::new();
        let mut stars = 0;
        for (index, segment) in segments.iter().enumerate() {
            if let Some(what) = unknown_to_requests(segment, index == last) {
                return Err(format!(
                    "no request's path has {what}, so \"{text}\" never matches: leave it out"
                ));
            }
            if is_star(segment, last) {
                stars += 1;
                if index != 0 && index != last {
                    return Err("a star stands at the start or at the end of a path: take a segment in the middle by `{name}`".into());
                }
                continue;
            }
            for name in variables_of(segment)? {
                if variables.contains(&name) {
                    return Err(format!(
                        "the path names `{{{name}}}` twice: every name in a path is different"
                    ));
                }
                variables.push(name);
            }
        }
        if stars == 2 {
            return Err("a star stands at the start or at the end of a path, not at both".into());
        }
        let starts_with_star = bare.starts_with('*') && !bare.trim_matches('*').is_empty();
        let text = if starts_with_star { bare.to_owned() } else { format!("/{bare}") };
        Ok(Pattern { text, variables, has_star: stars > 0, span })
    }

    /// The pattern with its variables written `{}`: two of one shape match the same paths.
    pub(crate) fn shape(&self) -> String {
        let mut shape = self.text.clone();
        for name in &self.variables {
            shape = shape.replacen(&format!("{{{name}}}"), "{}", 1);
        }
        shape
    }
}

impl Regexp {
    pub(crate) fn parse(text: &LitStr, errors: &mut Errors) -> Option<Regexp> {
        match regex_lite::Regex::new(&text.value()) {
            Ok(regex) => Some(Regexp { text: text.clone(), groups: regex.captures_len() - 1 }),
            Err(error) => {
                errors.under(text, format!("this regular expression does not compile: {error}"));
                None
            }
        }
    }
}

/// The prefix and a path with exactly one slash between; without a path it is the prefix itself.
pub(crate) fn join(prefix: &str, path: &str) -> String {
    if path.is_empty() {
        return prefix.to_owned();
    }
    format!("{}/{}", prefix.trim_end_matches('/'), path.trim_start_matches('/'))
}

/// A prefix may be anything a path may be, but without a star, for it is continued.
pub(crate) fn prefix(literal: &LitStr, errors: &mut Errors) -> bool {
    let Some(pattern) = Pattern::parse(literal, &literal.value(), errors) else { return false };
    if pattern.has_star || literal.value().contains('*') {
        errors.under(literal, "a prefix has no star: write the star into the paths of the methods");
        return false;
    }
    true
}

/// Either paths or a regular expression.
pub(crate) fn paths_or_regexp(
    span: Span,
    attribute: &str,
    has_paths: bool,
    regexp: Option<&LitStr>,
    errors: &mut Errors,
) {
    match (has_paths, regexp) {
        (false, None) => {
            let example = if attribute == "request_filter" { "/admin/**" } else { "/hello" };
            errors.at(
                span,
                format!("write a path, like `#[{attribute}(\"{example}\")]`, or `regexp = \"^…$\"`"),
            );
        }
        (true, Some(regexp)) => errors.under(
            regexp,
            "a path and a regular expression exclude each other: keep one, or write two attributes",
        ),
        _ => {}
    }
}

/// Method tokens, standard ones in upper case. A text may hold several with commas between.
pub(crate) fn methods(texts: Vec<LitStr>, errors: &mut Errors) -> Vec<String> {
    let mut methods: Vec<String> = Vec::new();
    for text in texts {
        for method in text.value().split(',').map(str::trim) {
            match method_token(method) {
                Err(problem) => errors.under(&text, problem),
                Ok(method) if methods.contains(&method) => {
                    errors.under(&text, format!("the method `{method}` is listed twice: keep one of them"));
                }
                Ok(method) => methods.push(method),
            }
        }
    }
    methods
}

/// Any token may be a method (RFC 9110, section 9.1). Standard ones may be written in any case; others must be in
/// upper case and not look like a slip in a standard one.
fn method_token(method: &str) -> Result<String, String> {
    let upper = method.to_ascii_uppercase();
    if STANDARD_METHODS.contains(&upper.as_str()) {
        return Ok(upper);
    }
    if method.is_empty() {
        return Err("a method is missing here: write \"GET\", or leave `method` out for all of them".into());
    }
    if let Some(wrong) = method.chars().find(|&char| !is_token_char(char)) {
        return Err(format!("`{method}` is no method: it holds `{}`", wrong.escape_debug()));
    }
    if let Some(meant) = did_you_mean(method, STANDARD_METHODS) {
        return Err(format!("there is no method `{method}`: did you mean `{meant}`?"));
    }
    if method != upper {
        return Err(format!("methods are compared by case: write `{upper}`"));
    }
    Ok(upper)
}

/// A `params` or `headers` expression: `a=b`, `a!=b`, `a^=b`, `a` or `!a`.
pub(crate) fn expression(literal: &LitStr, of_headers: bool, errors: &mut Errors) -> bool {
    let text = literal.value();
    let (name, has_value) = match text.split_once('=') {
        Some((name, _)) => (name.strip_suffix(['!', '^']).unwrap_or(name), true),
        None => (text.strip_prefix('!').unwrap_or(&text), false),
    };
    let problem = if text.split_once('=').is_some_and(|(_, value)| value.starts_with('=')) {
        format!("an expression compares by one `=`: write \"{}\"", text.replacen("==", "=", 1))
    } else if has_value && text.starts_with('!') {
        format!(
            "`!` before a name means that it is absent: to differ, write \"{}\"",
            text[1..].replacen('=', "!=", 1)
        )
    } else if !of_headers && text.contains('&') {
        let parts = text.trim_start_matches('?').split('&').map(str::trim).filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.map(|part| format!("\"{part}\"")).collect();
        format!(
            "an expression is about one parameter: write [{parts}], or any({parts}) if one of them is enough",
            parts = parts.join(", ")
        )
    } else if !of_headers && text.starts_with('?') {
        format!(
            "a query begins with a `?`, an expression does not: write \"{}\"",
            text.trim_start_matches('?')
        )
    } else if name.is_empty() {
        "an expression starts with a name: write \"a=b\", \"a!=b\", \"a^=b\", \"a\" or \"!a\"".to_owned()
    } else if name.trim() != name || (has_value && text.contains(" = ")) {
        "blanks count in an expression: write it without them, like \"a=b\"".to_owned()
    } else if name.contains(['!', '^']) && !of_headers {
        format!("`{name}` is no name: write \"a=b\", \"a!=b\", \"a^=b\", \"a\" or \"!a\"")
    } else if let Some(wrong) = name.chars().find(|&char| of_headers && !is_token_char(char)) {
        format!("`{name}` is no name of a header field: it holds `{}`", wrong.escape_debug())
    } else {
        return true;
    };
    errors.under(literal, problem);
    false
}

/// Segments that are gone when a request's path has been normalised.
fn unknown_to_requests(segment: &str, is_last: bool) -> Option<&'static str> {
    match segment {
        "" if !is_last => Some("an empty segment"),
        "." => Some("a segment `.`"),
        ".." => Some("a segment `..`"),
        _ => None,
    }
}

/// Letters that a path never holds.
fn check_letters(path: &str) -> Result<(), String> {
    for (index, char) in path.char_indices() {
        match char {
            '?' => {
                return Err(
                    "a path has no query: narrow by `params = \"name=value\"`, or bind the parameter".into(),
                );
            }
            '#' => return Err("a path has no fragment: browsers keep it to themselves".into()),
            '%' if !path[index + 1..].bytes().take(2).filter(u8::is_ascii_hexdigit).count().eq(&2) => {
                return Err(
                    "a `%` in a path wants two hexadecimal digits: for the sign itself write `%25`".into()
                );
            }
            ' ' => return Err("a blank in a path is written `%20`".into()),
            char if char.is_whitespace() || char.is_control() => {
                return Err(format!("a path holds no `{}`", char.escape_debug()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the segment is a star: `*`, `**`, or, when it is the whole path, a star with text after it (`**.css`).
fn is_star(segment: &str, last: usize) -> bool {
    let after = segment.strip_prefix("**").or_else(|| segment.strip_prefix('*'));
    after.is_some_and(|after| after.is_empty() || (last == 0 && !after.contains(['*', '{', '}'])))
}

/// The names in the braces of one segment.
fn variables_of(segment: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = segment;
    let mut after_variable = false;
    while let Some(brace) = rest.find(['{', '}', '*']) {
        let (text, from_brace) = rest.split_at(brace);
        if from_brace.starts_with('*') {
            return Err(
                "a star stands for a whole segment: write `*` or `**`, or take a part of it by `{name}`"
                    .into(),
            );
        }
        let Some((name, after)) = from_brace.strip_prefix('{').and_then(|inside| inside.split_once('}'))
        else {
            return Err(format!("the braces in `{segment}` do not pair up: write `{{name}}`"));
        };
        if after_variable && text.is_empty() {
            return Err(format!(
                "two names in `{segment}` touch: write text between them, like `{{a}}-{{b}}`"
            ));
        }
        check_variable(name, segment)?;
        names.push(name.to_owned());
        after_variable = true;
        rest = after;
    }
    Ok(names)
}

fn check_variable(name: &str, segment: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("the braces in `{segment}` are empty: write a name into them, like `{{id}}`"));
    }
    if name.contains('{') {
        return Err(format!("the braces in `{segment}` do not pair up: write `{{name}}`"));
    }
    Ok(())
}

/// A token (RFC 9110, section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_token_char)
}

/// `tchar` (RFC 9110, section 5.6.2).
fn is_token_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char)
}

const STANDARD_METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"];

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<Pattern, String> {
        Pattern::read(text, Span::call_site())
    }

    #[test]
    fn patterns_that_are_well_formed() {
        let table: [(&str, &str, &[&str], bool, &str); 17] = [
            ("", "/", &[], false, "/"),
            ("/", "/", &[], false, "/"),
            ("/a/b", "/a/b", &[], false, "/a/b"),
            ("tuple", "/tuple", &[], false, "/tuple"),
            ("/a/", "/a/", &[], false, "/a/"),
            ("/a/{x}", "/a/{x}", &["x"], false, "/a/{}"),
            ("/{a}-{b}/{c}", "/{a}-{b}/{c}", &["a", "b", "c"], false, "/{}-{}/{}"),
            ("/star/*", "/star/*", &[], true, "/star/*"),
            ("/star/**", "/star/**", &[], true, "/star/**"),
            ("*/star", "*/star", &[], true, "*/star"),
            ("/**/star", "**/star", &[], true, "**/star"),
            ("/**", "/**", &[], true, "/**"),
            ("**", "/**", &[], true, "/**"),
            ("**.css", "**.css", &[], true, "**.css"),
            ("/中文/{hey}", "/中文/{hey}", &["hey"], false, "/中文/{}"),
            ("/%E4%B8%AD", "/%E4%B8%AD", &[], false, "/%E4%B8%AD"),
            ("/a.b@c~d+e,f;g'h:i", "/a.b@c~d+e,f;g'h:i", &[], false, "/a.b@c~d+e,f;g'h:i"),
        ];
        for (text, normal, variables, has_star, shape) in table {
            let pattern = pattern(text).expect(text);
            assert_eq!(pattern.text, normal, "{text}");
            assert_eq!(pattern.variables, variables, "{text}");
            assert_eq!(pattern.has_star, has_star, "{text}");
            assert_eq!(pattern.shape(), shape, "{text}");
        }
    }

    #[test]
    fn patterns_that_are_not() {
        let table = [
            ("/a/*/b", "in the middle"),
            ("*/a/*", "not at both"),
            ("/**/a/**", "not at both"),
            ("/a*", "a whole segment"),
            ("/a/b**", "a whole segment"),
            ("/a/***", "a whole segment"),
            ("/a/*.css", "a whole segment"),
            ("/{", "do not pair up"),
            ("/a}", "do not pair up"),
            ("/{a{b}}", "do not pair up"),
            ("/{}", "are empty"),
            ("/{a}{b}", "touch"),
            ("/{a}/{a}", "twice"),
            ("/{a}-{a}", "twice"),
            ("/{id:[0-9]+}", "write `{id}`"),
            ("/{*rest}", "take it by `rest: PathValue<&str>`"),
            ("/users/:id", "write \"/users/{id}\""),
            ("/users/<int:id>", "write `{id}`"),
            ("/users/:id?", "two paths"),
            ("/a?b=c", "no query"),
            ("/a#b", "no fragment"),
            ("/a b", "`%20`"),
            ("/a\tb", "holds no `\\t`"),
            ("/a%2", "two hexadecimal digits"),
            ("/a%zz", "two hexadecimal digits"),
            ("/a//b", "an empty segment"),
            ("//a", "an empty segment"),
            ("/a/../b", "`..`"),
        ];
        for (text, part) in table {
            let problem = pattern(text).err().unwrap_or_else(|| panic!("{text} is refused"));
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }

    #[test]
    fn one_slash_joins() {
        let table = [
            ("/shop", "", "/shop"),
            ("/shop", "/buy", "/shop/buy"),
            ("/shop/", "/buy", "/shop/buy"),
            ("/shop", "buy", "/shop/buy"),
            ("/shop", "/", "/shop/"),
            ("/", "/buy", "/buy"),
            ("", "/buy", "/buy"),
            ("", "", ""),
        ];
        for (prefix, path, expected) in table {
            assert_eq!(join(prefix, path), expected);
        }
    }

    #[test]
    fn methods_are_tokens() {
        let table = [
            ("get", Ok("GET")),
            ("Query", Ok("QUERY")),
            ("PATCH", Ok("PATCH")),
            ("PURGE", Ok("PURGE")),
            ("M-SEARCH", Ok("M-SEARCH")),
            ("GTE", Err("did you mean `GET`?")),
            ("DELET", Err("did you mean `DELETE`?")),
            ("purge", Err("write `PURGE`")),
            ("GET POST", Err("it holds ` `")),
            ("", Err("a method is missing here")),
        ];
        for (method, expected) in table {
            match (method_token(method), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(problem), Err(part)) => assert!(problem.contains(part), "{method}: {problem}"),
                (found, _) => panic!("{method}: {found:?}"),
            }
        }
        // The methods other specifications registered; none may be taken for a slip.
        for method in [
            "ACL",
            "BASELINE-CONTROL",
            "BIND",
            "CHECKIN",
            "CHECKOUT",
            "COPY",
            "LABEL",
            "LINK",
            "LOCK",
            "MERGE",
            "MKACTIVITY",
            "MKCALENDAR",
            "MKCOL",
            "MKREDIRECTREF",
            "MKWORKSPACE",
            "MOVE",
            "ORDERPATCH",
            "PRI",
            "PROPFIND",
            "PROPPATCH",
            "REBIND",
            "REPORT",
            "SEARCH",
            "UNBIND",
            "UNCHECKOUT",
            "UNLINK",
            "UNLOCK",
            "UPDATE",
            "UPDATEREDIRECTREF",
            "VERSION-CONTROL",
            "SUBSCRIBE",
            "NOTIFY",
            "BAN",
            "REFRESH",
        ] {
            assert_eq!(method_token(method).as_deref(), Ok(method));
        }
    }

    #[test]
    fn expressions_have_a_grammar() {
        let check = |text: &str, of_headers| {
            let mut errors = Errors::new();
            let fine = expression(&LitStr::new(text, Span::call_site()), of_headers, &mut errors);
            assert_eq!(fine, errors.is_empty());
            errors.texts().pop()
        };
        for text in ["a=b", "a!=b", "a^=b", "a", "!a", "a=", "a=b=c", "a= b", "a-b.c=d", "a b=c"] {
            assert_eq!(check(text, false), None, "{text}");
        }
        for text in ["Content-Type^=text/", "!X-Token", "X", "X=a&b"] {
            assert_eq!(check(text, true), None, "{text}");
        }
        let table = [
            ("a==b", false, "write \"a=b\""),
            ("!a=b", false, "write \"a!=b\""),
            ("=b", false, "starts with a name"),
            ("", false, "starts with a name"),
            ("!", false, "starts with a name"),
            ("a = b", false, "without them"),
            ("a!", false, "is no name"),
            ("a=1&b=2", false, "write [\"a=1\", \"b=2\"], or any(\"a=1\", \"b=2\")"),
            ("a=1 && b=2", false, "about one parameter"),
            ("a&!b", false, "write [\"a\", \"!b\"]"),
            ("?a=1", false, "write \"a=1\""),
            ("?a=1&b=2", false, "write [\"a=1\", \"b=2\"]"),
            ("Content Type=x", true, "it holds ` `"),
            ("Größe", true, "it holds `ö`"),
        ];
        for (text, of_headers, part) in table {
            let problem = check(text, of_headers).unwrap_or_else(|| panic!("{text} is refused"));
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }

    #[test]
    fn regular_expressions_count_their_groups() {
        let mut errors = Errors::new();
        let literal = |text| LitStr::new(text, Span::call_site());
        assert_eq!(Regexp::parse(&literal("^(reg/(.+))$"), &mut errors).map(|regexp| regexp.groups), Some(2));
        assert_eq!(
            Regexp::parse(&literal("^(?:a)(?P<n>b)"), &mut errors).map(|regexp| regexp.groups),
            Some(1)
        );
        assert!(Regexp::parse(&literal("^(a"), &mut errors).is_none());
        assert!(errors.texts()[0].starts_with("this regular expression does not compile: "));
    }
}
