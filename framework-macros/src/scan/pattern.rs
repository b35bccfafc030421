//! Patterns of file names: `*` is anything within a folder, `?` one character of it, `**/` any number of folders.

/// The regular expression that says the same of a path with `/` between its parts. The framework reads it again when a
/// server starts.
pub(super) fn regexp(pattern: &str) -> String {
    let mut regexp = String::from("^");
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        let (said, length) = match char {
            '*' if rest.starts_with("**/") => ("(?:.*/)?", 3),
            '*' if rest.starts_with("**") => (".*", 2),
            '*' => ("[^/]*", 1),
            '?' => ("[^/]", 1),
            _ => ("", char.len_utf8()),
        };
        regexp.push_str(said);
        if said.is_empty() {
            regexp.push_str(&regex_lite::escape(&rest[..length]));
        }
        rest = &rest[length..];
    }
    regexp.push('$');
    regexp
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_keep_to_their_folder_but_for_two() {
        let table = [
            ("**", "a/b/c.rs", true),
            ("**/*.rs", "c.rs", true),
            ("**/*.rs", "a/b/c.rs", true),
            ("*.rs", "c.rs", true),
            ("*.rs", "a/c.rs", false),
            ("*.rs", "crs", false),
            ("**/*_controller.rs", "a/user_controller.rs", true),
            ("**/*_controller.rs", "user_controller.rs", true),
            ("**/*_controller.rs", "user_model.rs", false),
            ("admin/**", "admin/a/b.rs", true),
            ("admin/**", "administrator.rs", false),
            ("a?.rs", "ab.rs", true),
            ("a?.rs", "a.rs", false),
            ("a+(b).rs", "a+(b).rs", true),
            ("a/**/b.rs", "a/b.rs", true),
            ("a/**/b.rs", "a/x/y/b.rs", true),
            ("a/**/b.rs", "axb.rs", false),
        ];
        for (pattern, path, expected) in table {
            let regexp = regex_lite::Regex::new(&regexp(pattern)).expect("well formed");
            assert_eq!(regexp.is_match(path), expected, "{pattern} {path}");
        }
    }
}
