//! Path patterns as other frameworks write them, and what is written here instead.
//!
//! Each message holds the whole path in our spelling, so that it can be copied. Patterns are read while compiling and
//! when an application is made, by two crates that share no code: this file stands in both, letter for letter.

/// What to write for a path that is spelled as elsewhere: `/users/:id`, `/users/<int:id>`, `/files/{*rest}`.
pub(crate) fn spelled_elsewhere(path: &str) -> Option<String> {
    // A query is another mistake.
    let path = path.split_once("?<").map_or(path, |(path, _)| path);
    let segments: Vec<&str> = path.split('/').collect();
    let last = segments.len() - 1;
    let alone = segments.iter().filter(|segment| !segment.is_empty()).count() == 1;
    let read: Vec<Option<Spelled<'_>>> =
        segments.iter().map(|segment| read(segment).filter(|spelled| !(alone && spelled.is_star))).collect();
    let (index, first) =
        read.iter().enumerate().find_map(|(index, spelled)| Some((index, spelled.as_ref()?)))?;
    let written: Vec<String> = segments
        .iter()
        .zip(&read)
        .map(|(segment, spelled)| spelled.as_ref().map_or_else(|| (*segment).to_owned(), Spelled::written))
        .collect();
    let (whole, name) = (written.join("/"), first.name);
    Some(match first.kind {
        Kind::Rest if index == last => format!(
            "the rest of a path is `**`, at its end, without a name: write \"{whole}\", and take it by \
             `{name}: PathValue<&str>`"
        ),
        Kind::Rest => format!(
            "only at its end does a path have a rest of any length: write `{{{name}}}` for one segment, or map by \
             `regexp`"
        ),
        Kind::Optional => format!(
            "a variable of a path is never empty: write two paths, \"{}\" and \"{whole}\", and take `{name}` as an \
             `Option`",
            written[..index].join("/")
        ),
        Kind::Typed => {
            // What is no word of a type is an expression.
            let is_expression = segments[index].contains(['[', '(', '\\', '+']);
            let regexp = if is_expression {
                "; for an expression use `regexp = …` in place of the path"
            } else {
                ""
            };
            format!(
                "a variable of a path is its name alone: write `{{{name}}}`, as in \"{whole}\", and give the argument a \
                 type{regexp}"
            )
        }
        Kind::Plain => {
            let sign = if first.before.is_empty() && segments[index].starts_with(':') {
                "; a segment that does begin with a colon begins with `%3A`"
            } else {
                ""
            };
            format!("a variable of a path is written `{{{name}}}`: write \"{whole}\"{sign}")
        }
    })
}

/// One segment that is spelled as elsewhere.
struct Spelled<'p> {
    before: &'p str,
    name: &'p str,
    after: &'p str,
    kind: Kind,
    /// `*rest`, which is a star with text after it where it is the whole path.
    is_star: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    /// With a type or a pattern of its own.
    Typed,
    Optional,
    Rest,
}

impl Spelled<'_> {
    fn written(&self) -> String {
        match self.kind {
            Kind::Rest => "**".to_owned(),
            _ => format!("{}{{{}}}{}", self.before, self.name, self.after),
        }
    }
}

fn read(segment: &str) -> Option<Spelled<'_>> {
    let spelled = |name, kind| Spelled { before: "", name, after: "", kind, is_star: false };
    if let Some(text) = segment.strip_prefix(':') {
        let (name, after) = split_name(text)?;
        return Some(match after {
            "" => spelled(name, Kind::Plain),
            "?" => spelled(name, Kind::Optional),
            "*" | "+" => spelled(name, Kind::Rest),
            after if after.starts_with('(') => spelled(name, Kind::Typed),
            after => Spelled { after, ..spelled(name, Kind::Plain) },
        });
    }
    if let Some(text) = segment.strip_prefix('*') {
        let (name, after) = split_name(text.trim_start_matches('*'))?;
        return after.is_empty().then(|| Spelled { is_star: true, ..spelled(name, Kind::Rest) });
    }
    if let Some(inside) = segment.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let inside = inside.trim_matches(['[', ']']);
        let (name, after) = split_name(inside.trim_start_matches('.'))?;
        let kind = if inside.starts_with('.') { Kind::Rest } else { Kind::Plain };
        return after.is_empty().then(|| spelled(name, kind));
    }
    if let Some((before, rest)) = segment.split_once('<')
        && let Some((inside, after)) = rest.split_once('>')
    {
        return inside_of(inside, true).map(|(name, kind)| Spelled { before, after, ..spelled(name, kind) });
    }
    let mut from = 0;
    while let Some(start) = segment[from..].find('{').map(|at| from + at + 1) {
        let end = start + closing(&segment[start..])?;
        if let Some((name, kind)) = inside_of(&segment[start..end], false) {
            let (before, after) = (&segment[..start - 1], &segment[end + 1..]);
            return Some(Spelled { before, after, ..spelled(name, kind) });
        }
        from = end;
    }
    None
}

/// Where the brace closes whose inside starts here.
fn closing(inside: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(index),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What stands between brackets; where these are braces, a name alone is our own spelling.
fn inside_of(inside: &str, are_foreign: bool) -> Option<(&str, Kind)> {
    let (start, is_optional) = match inside.strip_suffix('?') {
        Some(start) => (start, true),
        None => (inside, false),
    };
    let bare = start.trim_start_matches('*').trim_end_matches(['*', '.']);
    let is_rest = bare.len() != start.len() && !start.contains(':');
    if is_rest {
        let (name, after) = split_name(bare)?;
        return after.is_empty().then_some((name, Kind::Rest));
    }
    if let Some((left, right)) = start.split_once(':') {
        // Some write the type first, some last.
        let is_name = split_name(right).is_some_and(|(_, after)| after.is_empty());
        let type_first = is_name && !is_type(right) && (are_foreign || is_type(left));
        let (name, pattern) = if type_first { (right, left) } else { (left, right) };
        let (name, after) = split_name(name.trim_matches('*'))?;
        let takes_all =
            ["path", "tail", "**", ".*", ".+", "(.*)", "(.+)"].contains(&pattern) || left.starts_with('*');
        let kind = if takes_all { Kind::Rest } else { Kind::Typed };
        return after.is_empty().then_some((name, kind));
    }
    let (name, after) = split_name(start)?;
    match (after, is_optional) {
        ("", true) => Some((name, Kind::Optional)),
        ("", false) if are_foreign => Some((name, Kind::Plain)),
        _ => None,
    }
}

/// A name at the start, and what follows it.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    name.starts_with(|char: char| char.is_alphabetic() || char == '_').then_some((name, after))
}

/// The converters that Flask, Django, Starlette, Bottle, Rouille and ASP.NET name.
fn is_type(word: &str) -> bool {
    const TYPES: [&str; 20] = [
        "int", "str", "string", "float", "path", "uuid", "slug", "any", "bool", "guid", "long", "double",
        "decimal", "datetime", "alpha", "u32", "u64", "i32", "i64", "usize",
    ];
    TYPES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelled_as_elsewhere_is_told_in_our_spelling() {
        let table = [
            ("/users/:id", "write \"/users/{id}\"; a segment that does begin with a colon begins with `%3A`"),
            (":id", "write \"{id}\""),
            ("/:from-to/x", "write \"/{from}-to/x\""),
            ("/users/:id/posts/:post", "write \"/users/{id}/posts/{post}\""),
            ("/users/<id>", "`{id}`: write \"/users/{id}\""),
            ("/files/<name>.json", "write \"/files/{name}.json\""),
            ("/users/[id]", "write \"/users/{id}\""),
            ("/users/<int:id>", "as in \"/users/{id}\", and give the argument a type"),
            ("/users/<id:int>", "as in \"/users/{id}\""),
            ("/users/<name:re:[a-z]+>", "give the argument a type"),
            ("/users/{id:int}", "write `{id}`, as in \"/users/{id}\", and give the argument a type"),
            ("/{a}-{b:int}", "write `{b}`, as in \"/{a}-{b}\""),
            ("/users/{id:[0-9]{3}}", "write `{id}`, as in \"/users/{id}\""),
            (r"/users/:id(\d+)", "write `{id}`, as in \"/users/{id}\""),
            ("/users/:id?", "two paths, \"/users\" and \"/users/{id}\", and take `id` as an `Option`"),
            ("/users/{id?}", "two paths, \"/users\" and \"/users/{id}\""),
            ("/files/*rest", "write \"/files/**\", and take it by `rest: PathValue<&str>`"),
            ("/files/{*rest}", "write \"/files/**\", and take it by `rest: PathValue<&str>`"),
            ("/files/{**rest}", "write \"/files/**\""),
            ("/files/{rest..}", "write \"/files/**\""),
            ("/files/{tail...}", "take it by `tail: PathValue<&str>`"),
            ("/files/{tail:.*}", "take it by `tail: PathValue<&str>`"),
            ("/files/{tail:path}", "take it by `tail: PathValue<&str>`"),
            ("/files/<path:rest>", "take it by `rest: PathValue<&str>`"),
            ("/files/<rest..>", "take it by `rest: PathValue<&str>`"),
            ("/files/[...rest]", "take it by `rest: PathValue<&str>`"),
            ("/files/:rest*", "take it by `rest: PathValue<&str>`"),
            ("/files/{path:path}/raw", "write `{path}` for one segment, or map by `regexp`"),
        ];
        for (path, part) in table {
            let problem = spelled_elsewhere(path).unwrap_or_else(|| panic!("{path} is refused"));
            assert!(problem.contains(part), "{path}: {problem}");
        }
    }

    #[test]
    fn our_own_spelling_and_ordinary_texts_are_left_alone() {
        for path in [
            "",
            "/",
            "/users/{id}",
            "/{a}-{b}/{c}",
            "/star/*",
            "/star/**",
            "*/star",
            "**/star",
            "**",
            "**.css",
            "*.css",
            "*css",
            "/v1/jobs/{id}:cancel",
            "/v1/x:y",
            "/a:b",
            "/10:30",
            "/:",
            "/:10",
            "/%3Aid",
            "/{user-id}",
            "/a[0]",
            "/x/{}",
            "/{",
            "/a}",
            "/a>b",
            "/a?<page>",
        ] {
            assert_eq!(spelled_elsewhere(path), None, "{path}");
        }
    }
}
