//! The page that lists a directory. Names come from the disk, so they are escaped in text and encoded in links.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::tree::Item;
use crate::base::{escape_html, sorted};

/// All of a name that could be taken for something else in a link.
const IN_LINK: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name as a segment of a reference that is relative to its directory.
pub(super) fn link_to(name: &str) -> impl std::fmt::Display {
    utf8_percent_encode(name, IN_LINK)
}

/// The page for a directory at `path`, which is the one of the request.
pub(super) fn page(path: &str, has_parent: bool, mut items: Vec<Item>) -> String {
    sorted::sort_by(&mut items, |one, other| {
        (one.size.is_some(), &one.name).cmp(&(other.size.is_some(), &other.name))
    });
    let title = escape_html(path);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<h1>{title}</h1>\n<table>\n"
    );
    if has_parent {
        page.push_str("<tr><td><a href=\"../\">../</a><td><td>\n");
    }
    for Item { name, size, modified } in items {
        let slash = if size.is_none() { "/" } else { "" };
        let size = size.map(|size| size.to_string()).unwrap_or_default();
        let modified = modified.map(httpdate::fmt_http_date).unwrap_or_default();
        let _ = writeln!(
            page,
            "<tr><td><a href=\"{}{slash}\">{}{slash}</a><td>{size}<td>{modified}",
            link_to(&name),
            escape_html(&name)
        );
    }
    page.push_str("</table>\n</html>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names() {
        let item = |name: &str, size| Item { name: name.to_owned(), size, modified: None };
        let names = ["b.txt", "<script>alert(1)</script>", "javascript:alert(1)", "a&\"'.txt", "中 文"];
        let items = names.iter().map(|name| item(name, Some(7))).chain([item("dir", None)]).collect();
        let page = page("/<b>/", true, items);
        let lines = [
            "<title>/&lt;b&gt;/</title>",
            "<a href=\"../\">../</a>",
            "<a href=\"dir/\">dir/</a><td><td>",
            "<a href=\"%3Cscript%3Ealert%281%29%3C%2Fscript%3E\">&lt;script&gt;alert(1)&lt;/script&gt;</a><td>7<td>",
            "<a href=\"a%26%22%27.txt\">a&amp;&quot;&#39;.txt</a>",
            "<a href=\"b.txt\">b.txt</a>",
            "<a href=\"javascript%3Aalert%281%29\">javascript:alert(1)</a>",
            "<a href=\"%E4%B8%AD%20%E6%96%87\">中 文</a>",
        ];
        let mut rest = page.as_str();
        for line in lines {
            let at = rest.find(line).unwrap_or_else(|| panic!("{line} in its place in {page}"));
            rest = &rest[at + line.len()..];
        }
    }
}
