//! Whether methods, and expressions of parameters and header fields, are well formed.

use syn::LitStr;

use crate::errors::{Errors, did_you_mean};

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
    use proc_macro2::Span;

    use super::*;

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
}
