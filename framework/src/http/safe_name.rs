//! A file name that a peer sent, made safe to be a file's on any system.

/// The last component of a name, without what some system gives a meaning; never empty.
pub(super) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut safe: String = last.chars().filter(|char| !is_invisible(*char)).map(replaced).collect();
    // Windows drops dots and spaces at the end; a dot at the begin hides a file, or makes it a setting.
    safe = safe.trim_matches(is_trimmed).to_owned();
    if safe.is_empty() {
        return "unnamed".to_owned();
    }
    let stem = safe.split('.').next().unwrap_or_default().trim_end();
    if is_reserved(stem) {
        safe.insert(0, '_');
    }
    if safe.len() > LONGEST { shortened(&safe) } else { safe }
}

fn is_trimmed(char: char) -> bool {
    char == '.' || char.is_whitespace()
}

/// Control characters, and those that change how the others are shown.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn replaced(char: char) -> char {
    if matches!(char, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { char }
}

/// Names of devices on Windows, whatever their extension.
fn is_reserved(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    let is_numbered = ["COM", "LPT"].into_iter().filter_map(|port| stem.strip_prefix(port)).any(|number| {
        let mut chars = number.chars();
        matches!(chars.next(), Some('0'..='9' | '¹' | '²' | '³')) && chars.next().is_none()
    });
    is_numbered || matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
}

/// Most file systems take 255 bytes; this leaves room for a prefix or a suffix.
const LONGEST: usize = 200;

/// The begin of a name, with its extension if that is one.
fn shortened(name: &str) -> String {
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if name.len() - dot <= 16 => name.split_at(dot),
        _ => (name, ""),
    };
    let end = stem.floor_char_boundary(LONGEST - extension.len());
    // What the cut lays bare at the end of a name without an extension is trimmed as it was before.
    [stem.get(..end).unwrap_or_default(), extension].concat().trim_end_matches(is_trimmed).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_safe() {
        let table = [
            ("photo.png", "photo.png"),
            ("my photo (1).tar.gz", "my photo (1).tar.gz"),
            ("中.txt", "中.txt"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            (r"C:\dir\new.txt", "new.txt"),
            (r"..\..\boot.ini", "boot.ini"),
            ("C:evil.exe", "C_evil.exe"),
            ("a\0b\r\n.txt", "ab.txt"),
            ("evil\u{202e}gnp.exe", "evilgnp.exe"),
            ("<img src=x>.png", "_img src=x_.png"),
            ("file.txt::$DATA", "file.txt__$DATA"),
            (".htaccess", "htaccess"),
            ("...", "unnamed"),
            ("..", "unnamed"),
            (".", "unnamed"),
            ("", "unnamed"),
            ("dir/", "unnamed"),
            (" \u{200b}. .", "unnamed"),
            ("name. . ", "name"),
            ("con", "_con"),
            ("NUL.txt", "_NUL.txt"),
            ("nul .tar.gz", "_nul .tar.gz"),
            ("COM1.log", "_COM1.log"),
            ("LPT².log", "_LPT².log"),
            ("com10.log", "com10.log"),
            ("console.log", "console.log"),
        ];
        for (name, expected) in table {
            assert_eq!(safe_name(name), expected, "{name:?}");
            assert_eq!(safe_name(expected), expected, "what is safe stays");
        }
        let long = safe_name(&format!("{}.jpeg", "ü".repeat(500)));
        assert!(long.len() <= 200 && long.ends_with("ü.jpeg"), "{long}");
        assert_eq!(safe_name(&"x".repeat(500)).len(), 200);
        assert_eq!(safe_name(&format!("{} . {}", "x".repeat(198), "y".repeat(99))), "x".repeat(198));
        assert_eq!(safe_name(&format!("a.{}", "x".repeat(500))).len(), 200);
    }
}
