//! Whether a path pattern is well formed.

use proc_macro2::Span;
use syn::LitStr;

use crate::errors::Errors;
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
            let star = match from_brace {
                "*" | "**" if !text.is_empty() && names.is_empty() => format!("`/{text}/{from_brace}`"),
                _ => "`*` or `**`".to_owned(),
            };
            return Err(format!(
                "a star stands for a whole segment: write {star}, or take a part of it by `{{name}}`"
            ));
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
            ("/a/b**", "write `/b/**`, or take"),
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
}
