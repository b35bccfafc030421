//! Names with brackets, `img[]` and `img[0]`, as clients of PHP and Rails write lists. They are names like any other here;
//! who misses an `img` where they came is told so.

use std::fmt::Write;

use crate::base::{shown, sorted};
use crate::http::Error;

/// Adds to the error for a name that is missing which names with brackets came in its place, and what to send. Where a server
/// `shows_errors`, also what to write, with `rename` for how a name is given.
#[cold]
pub(super) fn explained<'n>(
    error: Error,
    came: impl Iterator<Item = &'n str>,
    rename: &str,
    shows_errors: bool,
) -> Error {
    let Some(missing) = error.binding().filter(|_| error.is_missing()) else { return error };
    let mut names: Vec<&str> = came.filter(|name| is_of(name, &missing.parameter)).collect();
    sorted::sort_by(&mut names, Ord::cmp);
    names.dedup();
    let Some(first) = names.first() else { return error };
    let mut explain = error.explain_text().to_owned();
    for (index, name) in names.iter().take(MOST_SHOWN).enumerate() {
        let _ = write!(explain, "{}`{}`", if index == 0 { " " } else { ", " }, shown(name));
    }
    let more = if names.len() > MOST_SHOWN { " and more" } else { "" };
    let _ = write!(explain, "{more} came: send it as `{}`", shown(&missing.parameter));
    if shows_errors {
        let rename = rename.replace('…', &format!("\"{}\"", shown(first)));
        let each = if names.len() > 1 { ", one argument for each name" } else { "" };
        let _ = write!(explain, ", or take it as it comes with `{rename}`{each}");
    }
    explain.push('.');
    error.explain(explain)
}

/// Whether it is the name with something in brackets behind it.
fn is_of(came: &str, name: &str) -> bool {
    came.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
}

const MOST_SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Source;

    #[test]
    fn names_with_brackets_are_told() {
        let table: [(&[&str], &str); 9] = [
            (&[], ""),
            (&["image", "imgs", "img", "img[", "[]", "my-img[]"], ""),
            (&["img[]"], " `img[]` came: send it as `img`, or take it as it comes with `name(\"img[]\")`."),
            (
                &["img[]", "img[]"],
                " `img[]` came: send it as `img`, or take it as it comes with `name(\"img[]\")`.",
            ),
            (
                &["x", "img[0]"],
                " `img[0]` came: send it as `img`, or take it as it comes with `name(\"img[0]\")`.",
            ),
            (
                &["img[a]"],
                " `img[a]` came: send it as `img`, or take it as it comes with `name(\"img[a]\")`.",
            ),
            (
                &["img[1]", "img[0]"],
                " `img[0]`, `img[1]` came: send it as `img`, or take it as it comes with `name(\"img[0]\")`, one argument \
                 for each name.",
            ),
            (
                &["img[0]", "img[1]", "img[2]", "img[3]"],
                " `img[0]`, `img[1]`, `img[2]` and more came: send it as `img`, or take it as it comes with \
                 `name(\"img[0]\")`, one argument for each name.",
            ),
            (
                &["img[\n]"],
                " `img[\\n]` came: send it as `img`, or take it as it comes with `name(\"img[\\n]\")`.",
            ),
        ];
        for (came, expected) in table {
            let error = Error::missing("img", Source::Parameter, "a file");
            let error = explained(error, came.iter().copied(), "name(…)", true);
            let text = format!("Parameter[img] is required: a file.{expected}");
            assert_eq!(error.explain_text(), text, "{came:?}");
            assert!(error.is_missing());
        }
        // The peer of a server in use is told what to send, and no more.
        let error = Error::missing("img", Source::Parameter, "a file");
        let error = explained(error, ["img[]"].into_iter(), "name(…)", false);
        assert_eq!(
            error.explain_text(),
            "Parameter[img] is required: a file. `img[]` came: send it as `img`."
        );
        let other = Error::bad_request("other");
        assert_eq!(explained(other, ["img[]"].into_iter(), "…", true).explain_text(), "other");
    }
}
