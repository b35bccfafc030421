//! Paths of mappings as templates of a document (OpenAPI 3.1, section 4.8.8.2): a variable for each variable and star, and for each part
//! of a regular expression that is no plain text.

/// A path with its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) path: String,
    pub(super) variables: Vec<Variable>,
}

/// What stands for a part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Named,
    /// A star, which may stand for slashes if it is a double one.
    Star {
        is_double: bool,
    },
    /// This group of a regular expression; 0 is a part that no group has.
    Group(usize),
}

impl Template {
    /// That of a path pattern, whose star has this name.
    pub(super) fn of_pattern(pattern: &str, star: &str) -> Template {
        let mut template = Template { path: String::new(), variables: Vec::new() };
        if !pattern.starts_with('/') {
            template.path.push('/');
        }
        let mut rest = pattern;
        while let Some(at) = rest.find(['{', '*']) {
            template.path.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix('{') {
                let (name, after) = after.split_once('}').unwrap_or((after, ""));
                template.variable(name.to_owned(), Kind::Named);
                rest = after;
                continue;
            }
            let after = rest.trim_start_matches('*');
            let is_double = rest.len() - after.len() > 1;
            template.variable(star.to_owned(), Kind::Star { is_double });
            rest = after;
        }
        template.path.push_str(rest);
        template
    }

    /// That of a regular expression: its groups are variables, by the names that `name` knows.
    pub(super) fn of_regexp(regexp: &str, name: impl Fn(usize) -> Option<String>) -> Template {
        let mut template = Template { path: String::new(), variables: Vec::new() };
        let (mut groups, mut parts) = (0, 0);
        let mut chars = regexp.trim_start_matches('^').trim_end_matches('$').chars().peekable();
        while let Some(char) = chars.next() {
            let kind = match char {
                '(' => {
                    let is_group = chars.peek() != Some(&'?');
                    let group = groups + 1;
                    groups += usize::from(is_group) + skip_group(&mut chars);
                    Some(if is_group { Kind::Group(group) } else { Kind::Group(0) })
                }
                '[' => {
                    skip_class(&mut chars);
                    Some(Kind::Group(0))
                }
                '\\' => match chars.next() {
                    Some(escaped) if !escaped.is_ascii_alphanumeric() => template.text(escaped, &mut chars),
                    _ => Some(Kind::Group(0)),
                },
                '.' | '|' => Some(Kind::Group(0)),
                '*' | '+' | '?' | '^' | '$' => None,
                '{' => {
                    chars.by_ref().find(|&char| char == '}');
                    None
                }
                text => template.text(text, &mut chars),
            };
            let Some(kind) = kind else { continue };
            // What is no group joins what is before it.
            if kind == Kind::Group(0) && template.path.ends_with('}') {
                continue;
            }
            let name = match kind {
                Kind::Group(group) if group > 0 => name(group).unwrap_or_else(|| format!("group{group}")),
                _ => {
                    parts += 1;
                    format!("part{parts}")
                }
            };
            template.variable(name, kind);
        }
        if !template.path.starts_with('/') {
            template.path.insert(0, '/');
        }
        template
    }

    /// Adds a letter, unless it may be missing or repeated.
    fn text(
        &mut self,
        text: char,
        chars: &mut std::iter::Peekable<impl Iterator<Item = char>>,
    ) -> Option<Kind> {
        if matches!(chars.peek(), Some('*' | '+' | '?' | '{')) {
            return Some(Kind::Group(0));
        }
        match text {
            '{' | '}' => self.path.push_str(if text == '{' { "%7B" } else { "%7D" }),
            text => self.path.push(text),
        }
        None
    }

    fn variable(&mut self, name: String, kind: Kind) {
        let mut unique = name.clone();
        let mut number = 1;
        while self.variables.iter().any(|known| known.name == unique) {
            number += 1;
            unique = format!("{name}{number}");
        }
        self.path.push('{');
        self.path.push_str(&unique);
        self.path.push('}');
        self.variables.push(Variable { name: unique, kind });
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| variable.name == name && variable.kind == Kind::Named)
    }
}

/// Goes behind a group; how many groups are inside.
fn skip_group(chars: &mut impl Iterator<Item = char>) -> usize {
    let (mut depth, mut groups) = (1, 0);
    let mut chars = chars.peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            '[' => skip_class(&mut chars),
            '(' => {
                depth += 1;
                groups += usize::from(chars.peek() != Some(&'?'));
            }
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    groups
}

/// Goes behind a class of characters.
fn skip_class(chars: &mut impl Iterator<Item = char>) {
    let mut is_first = true;
    while let Some(char) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            '^' if is_first => continue,
            ']' if !is_first => return,
            _ => {}
        }
        is_first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_templates() {
        let table = [
            ("/", "/", ""),
            ("users/{id}", "/users/{id}", "id"),
            ("/a/{x}-{y}/b", "/a/{x}-{y}/b", "x y"),
            ("/files/**", "/files/{rest}", "rest"),
            ("/**.css", "/{rest}.css", "rest"),
            ("**/end", "/{rest}/end", "rest"),
            ("/a/*", "/a/{rest}", "rest"),
            ("/{rest}/*", "/{rest}/{rest2}", "rest rest2"),
        ];
        for (pattern, path, names) in table {
            let template = Template::of_pattern(pattern, "rest");
            let found: Vec<_> = template.variables.iter().map(|variable| &*variable.name).collect();
            assert_eq!((&*template.path, &*found.join(" ")), (path, names), "{pattern}");
        }
    }

    #[test]
    fn regular_expressions_become_templates() {
        let table = [
            ("^/reg/([a-z]+)/(.+)$", "/reg/{kind}/{group2}"),
            ("^/v[0-9]+/x", "/v{part1}/x"),
            (r"^/a\.b/(\d{4})-(\d\d)", "/a.b/{kind}-{group2}"),
            ("^/(a(b)c)/(d)", "/{kind}/{group3}"),
            ("^/(?:x|y)/z", "/{part1}/z"),
            ("colou?r", "/colo{part1}r"),
            ("^/[^]/]+/(x)", "/{part1}/{kind}"),
            ("", "/"),
            ("^/((((", "/{kind}"),
        ];
        for (regexp, path) in table {
            let name = |group| (group == 1).then(|| "kind".to_owned());
            assert_eq!(Template::of_regexp(regexp, name).path, path, "{regexp}");
        }
    }
}
