//! Tables for the decoder, each whole and in pieces, and forms that are written and read again.

use proptest::prelude::*;

use super::exercise::{Form, decode};
use super::{Boundary, Bounds};
use crate::proto::Limits;

const BOUNDS: Bounds = Bounds::of(&Limits::new());

/// Whole, in single bytes and in some other lengths: always the same, which is returned.
fn decoded(body: &[u8], bounds: Bounds) -> Form {
    let whole = decode("b", body, &[body.len()], bounds);
    for lengths in [&[1][..], &[2], &[3], &[7], &[1, 5, 2]] {
        assert_eq!(
            decode("b", body, lengths, bounds),
            whole,
            "in pieces of {lengths:?}: {}",
            body.escape_ascii()
        );
    }
    whole
}

/// `name=data`, with the name of a file behind an `@`; then what went wrong.
fn told(form: &Form) -> String {
    let mut told = String::new();
    for part in &form.parts {
        let filename = part.filename.as_ref().map(|name| format!("@{name}")).unwrap_or_default();
        let end = if part.is_whole { "" } else { "…" };
        told += &format!("{}{filename}={}{end};", part.name, part.data.escape_ascii());
    }
    match &form.refusal {
        Some(refusal) => told + &format!(" {} {}", refusal.status.as_u16(), refusal.explain),
        None => told,
    }
}

/// A form of one text field with this line in its head.
fn with_line(line: &str) -> String {
    format!("--b\r\n{line}\r\n\r\n1\r\n--b--\r\n")
}

/// The only part `a`, whose data says `A` for the head of such a part.
fn with_a(data: &str) -> String {
    format!("a={};", data.replace('A', A))
}

const NEVER_CAME: &str =
    " 400 the multipart body has no part: its boundary `--b` never came, neither at its begin nor after CRLF";
const LF_ALONE: &str =
    " 400 in the multipart body, the line of a boundary ends in LF alone: it has to end in CRLF";

const A: &str = "Content-Disposition: form-data; name=a";

#[test]
fn forms_are_taken_apart() {
    let table = [
        // The plain case, and where line ends may be missing or more.
        (format!("--b\r\n{A}\r\n\r\n1\r\n--b--\r\n"), "a=1;"),
        (format!("--b\r\n{A}\r\n\r\n1\r\n--b--"), "a=1;"),
        (format!("\r\n--b\r\n{A}\r\n\r\n1\r\n--b--"), "a=1;"),
        (format!("--b\r\n{A}\r\n\r\n1\r\n--b\r\n{A}\r\n\r\n\r\n2\r\n\r\n--b--"), r"a=1;a=\r\n2\r\n;"),
        ("--b--".to_owned(), ""),
        ("--b--\r\n".to_owned(), ""),
        // Preamble, epilogue, padding.
        (format!("for --b old\r\n--B\r\n--b \t\r\n{A}\r\n\r\n1\r\n--b-- \r\n--b\r\nmore"), "a=1;"),
        // LF alone, in heads only.
        (format!("--b\r\n{A}\n\n1\n--b--\r\n--b--"), r"a=1\n--b--;"),
        // A boundary counts at the very beginning or after CRLF, wherever it stands.
        (format!("\n--b\r\n--b\r\n{A}\r\n\r\n1\r\n--b--"), "a=1;"),
        (format!("x--b\r\n\r--b\r\n\r\n\r\n--b\r\n{A}\r\n\r\n1\r\n--b--"), "a=1;"),
        (format!("--\r\n--b\r\n{A}\r\n\r\n1\r\n--b--"), "a=1;"),
        (format!("--b\r\n{A}\r\n\r\n1\n--b\r\n{A}\n--b--\r\n--b--"), &with_a(r"1\n--b\r\nA\n--b--")),
        (format!("--b\r\n{A}\r\n\r\n1\r--b--\r\n--b--"), r"a=1\r--b--;"),
        (format!("--b\r\n{A}\r\n\r\n1\r\r\n--b--"), r"a=1\r;"),
        (format!("--b\r\n{A}\r\n\r\n1--b--\r\n--b--"), "a=1--b--;"),
        (format!("--b\r\n{A}\n\n--b--\r\n--b--"), "a=--b--;"),
        // A form may end where a head would begin.
        ("--b\r\n--b--".to_owned(), ""),
        ("--b\r\n--b--\r\n".to_owned(), ""),
        ("for old\r\n--b \r\n--b--more\r\n--b\r\n".to_owned(), ""),
        (format!("--b\r\n{A}\r\n\r\n1\r\n--b\r\n--b--"), "a=1;"),
        // No data, with and without the line end of its own.
        (format!("--b\r\n{A}\r\n\r\n\r\n--b--"), "a=;"),
        (format!("--b\r\n{A}\r\n\r\n--b--"), "a=;"),
        // What looks like a boundary and is none.
        (format!("--b\r\n{A}\r\n\r\n--B\r\n--\r\n-\r\r\n\r\n--\r\n--b--"), r"a=--B\r\n--\r\n-\r\r\n\r\n--;"),
        // The name may come anywhere, and other fields before it.
        (format!("--b\r\nX-A: b\r\ncontent-type: text/plain\r\n{A}\r\n\r\n1\r\n--b--"), "a=1;"),
        // A part inside a part is data of the outer one.
        (
            format!(
                "--b\r\n{A}\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--"
            ),
            r"a=--c\r\n\r\nx\r\n--c--;",
        ),
        // Cut off.
        (String::new(), NEVER_CAME),
        ("no form\r\nat all".to_owned(), NEVER_CAME),
        (format!("no form\n--b\r\n{A}\r\n\r\n1\n--b--"), NEVER_CAME),
        (
            "--b".to_owned(),
            " 400 the multipart body is cut off in its first boundary: it has to end with `--b--`",
        ),
        (
            "--b\r\n".to_owned(),
            " 400 the multipart body is cut off in part 1, in its head: it has to end with `--b--`",
        ),
        (
            "--b\r\n--\r\n".to_owned(),
            " 400 the multipart body is cut off in part 1, in its head: it has to end with `--b--`",
        ),
        (
            format!("--b\r\n{A}\r\n"),
            " 400 the multipart body is cut off in part 1, in its head: it has to end with `--b--`",
        ),
        (
            format!("--b\r\n{A}\r\n\r\n1\r\n--b"),
            "a=1; 400 the multipart body is cut off in the boundary behind part 1: it has to end with `--b--`",
        ),
        (
            format!("--b\r\n{A}\r\n\r\n1\r\n--b-"),
            "a=1; 400 the multipart body is cut off in the boundary behind part 1: it has to end with `--b--`",
        ),
        (
            format!("--b\r\n{A}\r\n\r\n1\r\n--b\r\n{A}\r\n\r\n2"),
            "a=1;a=2…; 400 the multipart body is cut off in part 2: it has to end with `--b--` after CRLF",
        ),
        (
            format!("--b\r\n{A}\r\n\r\n1\n--b--\n"),
            r"a=1\n--b--\n…; 400 the multipart body is cut off in part 1: it has to end with `--b--` after CRLF",
        ),
        // Malformed.
        (
            format!("--b\r\n{A}\r\n\r\n1\r\n--bc\r\n"),
            "a=1; 400 in the multipart body, other text follows a boundary on its line",
        ),
        (
            format!("--b\r\n{A}\r\n--b--"),
            " 400 in the multipart body, the head of part 1 has no end: an empty line has to come between it and the next \
             `--b`",
        ),
        (format!("--b\n{A}\n\n1\n--b--\n"), LF_ALONE),
        (format!("--b \n{A}\r\n\r\n1\r\n--b--"), LF_ALONE),
        (
            "--b\r\n--b\r\n\r\n1\r\n--b--".to_owned(),
            " 400 in the multipart body, the head of part 1 has a line that is no header field: `--b`",
        ),
        (
            "--b\r\n\r\n1\r\n--b--".to_owned(),
            " 400 in the multipart body, the head of part 1 has no `Content-Disposition`, which names the part",
        ),
        (
            format!("--b\r\n{A}\r\n{A}\r\n\r\n1\r\n--b--"),
            " 400 in the multipart body, the head of part 1 has two fields `Content-Disposition`",
        ),
        (
            with_line(&format!(" folded\r\n{A}")),
            " 400 in the multipart body, the head of part 1 has a line that is no header field: ` folded`",
        ),
        (
            with_line(&format!("{A}\r\n \t\r\nX: y")),
            " 400 in the multipart body, the head of part 1 has a line that is no header field: ``",
        ),
        (
            with_line(&format!("X: a\rY: b\r\n{A}")),
            " 400 in the multipart body, the head of part 1 has a line that is no header field: `X: a`",
        ),
        (
            with_line(&format!("no field\r\r\n{A}")),
            " 400 in the multipart body, the head of part 1 has a line that is no header field: `no field`",
        ),
        (
            with_line("Content-Disposition : form-data; name=a"),
            " 400 in the multipart body, the head of part 1 has a line that is no header field: \
             `Content-Disposition : form-data; name=a`",
        ),
    ];
    for (body, expected) in table {
        assert_eq!(told(&decoded(body.as_bytes(), BOUNDS)), expected, "{body:?}");
    }
}

#[test]
fn names_are_read_as_browsers_write_them() {
    let table = [
        (r#"form-data; name="a""#, "a=1;"),
        (r#"FORM-DATA;NAME=a;"#, "a=1;"),
        (r#"form-data; filename="x.txt"; name="a""#, "a@x.txt=1;"),
        (r#"form-data; name="a"; filename="""#, "a@=1;"),
        (r#"form-data ;; name = "a" ; x=y"#, "a=1;"),
        (r#"form-data; name="""#, "=1;"),
        // What is inside quotes is no parameter.
        (r#"form-data; name="; filename=x""#, "; filename=x=1;"),
        (r#"form-data; name="a; filename=\"x\"""#, "a; filename=\"x\"=1;"),
        // Quotes and line ends with percent signs, and nothing else.
        (r#"form-data; name="a%22b%0D%0a%41%%22""#, "a\"b\r\n%41%\"=1;"),
        (r#"form-data; name=a%22"#, "a%22=1;"),
        // Backslashes are themselves, but for those before a quote inside a value.
        (r#"form-data; name="a"; filename="C:\dir\new.txt""#, r"a@C:\dir\new.txt=1;"),
        (r#"form-data; name="a\"; filename="x\\""#, r"a\@x\\=1;"),
        (r#"form-data; name="a\"b""#, "a\"b=1;"),
        // What is not ASCII.
        ("form-data; name=\"ü\"; filename=\"中.txt\"", "ü@中.txt=1;"),
        (r#"form-data; name="a"; filename="x"; filename*=utf-8''%E4%B8%AD.txt"#, "a@中.txt=1;"),
        (r#"form-data; name="a"; FileName*=UTF-8'en'%e4%b8%ad%20x"#, "a@中 x=1;"),
        (r#"form-data; name="a"; filename*=iso-8859-1''%fc"#, "a@ü=1;"),
        // The field's name in the same form, as some clients write it.
        ("form-data; name*=utf-8''gr%C3%B6%C3%9Fe", "größe=1;"),
        ("form-data; NAME*=UTF-8''gr%C3%B6%C3%9Fe; filename=\"größe.txt\"", "größe@größe.txt=1;"),
        ("form-data; name*=utf-8''%C3%BC; filename*=utf-8''%C3%B6", "ü@ö=1;"),
        ("form-data; name*=iso-8859-1''%fc", "ü=1;"),
        ("form-data; name=plain; name*=utf-8''extended", "extended=1;"),
        ("form-data; name=plain; name*=utf-8''%ff", "plain=1;"),
        ("form-data; name=plain; name*=other''x", "plain=1;"),
        // Folded lines.
        ("form-data;\r\n name=a;\r\n\tfilename=\"x y\"", "a@x y=1;"),
        ("form-data; name=\"a\0b\"", "a b=1;"),
        ("form-data; name=\"a\u{1b}\"; filename=\"\u{1}x\u{7f}\"", "a\u{1b}@\u{1}x\u{7f}=1;"),
        ("\r\n form-data; name=\"a\r\n b\"", "a b=1;"),
        ("form-data; name=a\n ; filename=x\r\nContent-Type: text/plain;\r\n\tcharset=utf-8", "a@x=1;"),
        (r#"form-data; name="a"; filename="x"; filename*=utf-8''%ff"#, "a@x=1;"),
        (r#"form-data; name="a"; filename="x"; filename*=utf-8''%+1"#, "a@x=1;"),
        (r#"form-data; name="a"; filename="x"; filename*=other''y"#, "a@x=1;"),
    ];
    for (value, expected) in table {
        let body = with_line(&format!("Content-Disposition: {value}"));
        assert_eq!(told(&decoded(body.as_bytes(), BOUNDS)), expected, "{value}");
    }
    let table = [
        ("form-data", "no `name`"),
        ("form-data; filename=x", "no `name`"),
        ("attachment; name=a", "`attachment` where `form-data` should be"),
        ("", "`` where `form-data` should be"),
        ("form-data; name=a; NAME=b", "the parameter `NAME` twice"),
        ("form-data; name=a; filename=x; filename=y", "the parameter `filename` twice"),
        ("form-data; name", "a parameter without `=`"),
        ("form-data; na me=a", "a parameter whose name is no word"),
        (r#"form-data; name="a"#, "a quoted value without an end"),
        (r#"form-data; name="a"b"#, "text after a quoted value"),
        (r#"form-data; name=a""#, "the parameter `name` with a value that is neither a word nor in quotes"),
        ("form-data; name=a b", "the parameter `name` with a value that is neither a word nor in quotes"),
        ("form-data; name=ü", "the parameter `name` with a value that is neither a word nor in quotes"),
        (
            "form-data; name=a; filename==b",
            "the parameter `filename` with a value that is neither a word nor in quotes",
        ),
        (
            "form-data; name=a; filename=C:\\x",
            "the parameter `filename` with a value that is neither a word nor in quotes",
        ),
        ("form-data; name=a; filename=", "an empty filename"),
        ("form-data; name=; filename=x", "an empty name"),
        ("form-data; name*=utf-8''%ff", "a `name*` that is not written as `utf-8''text` with percent signs"),
        ("form-data; name*=a", "a `name*` that is not written as `utf-8''text` with percent signs"),
        ("form-data; name*=utf-8''a; NAME*=utf-8''b", "the parameter `NAME*` twice"),
        (
            "form-data; name=a; filename*=utf-8''%ff",
            "a `filename*` that is not written as `utf-8''text` with percent signs",
        ),
    ];
    for (value, expected) in table {
        let body = with_line(&format!("Content-Disposition: {value}"));
        let expected = format!(
            " 400 in the multipart body, the head of part 1 has {expected} in its `Content-Disposition`"
        );
        assert_eq!(told(&decoded(body.as_bytes(), BOUNDS)), expected, "{value}");
    }
    let body = b"--b\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\r\n--b--";
    assert_eq!(told(&decoded(body, BOUNDS)), "\u{fffd}=;");
}

#[test]
fn boundaries_are_read() {
    let table = [
        ("multipart/form-data; boundary=abc", Ok("abc")),
        ("Multipart/Form-Data;charset=utf-8;BOUNDARY=\"a b; c\"", Ok("a b; c")),
        ("multipart/form-data; boundary=----WebKitFormBoundaryx", Ok("----WebKitFormBoundaryx")),
        ("multipart/form-data", Err("has no boundary")),
        ("multipart/form-data; boundary", Err("has a parameter without `=`")),
        ("multipart/form-data; boundary=", Err("has an empty boundary")),
        ("multipart/form-data; boundary=\"\"", Err("has an empty boundary")),
        ("multipart/form-data; boundary=\"a \"", Err("has a boundary that ends with a space")),
        ("multipart/form-data; boundary=\"ü\"", Err("has a boundary that is not ASCII")),
        ("multipart/form-data; boundary=ü", Err("with a value that is neither a word nor in quotes")),
        ("multipart/form-data; boundary=a\"", Err("with a value that is neither a word nor in quotes")),
        ("multipart/form-data; boundary==a", Err("with a value that is neither a word nor in quotes")),
        ("multipart/form-data; boundary=a; boundary=b", Err("has the parameter `boundary` twice")),
    ];
    for (content_type, expected) in table {
        match (Boundary::of(content_type.as_bytes()), expected) {
            (Ok(boundary), Ok(text)) => assert_eq!(boundary.bytes(), text.as_bytes(), "{content_type}"),
            (Err(refusal), Err(text)) => {
                assert_eq!(refusal.status, 400);
                assert!(refusal.explain.contains(text), "{content_type}: {}", refusal.explain);
            }
            (found, _) => panic!("{content_type}: {found:?}"),
        }
    }
    let of_length =
        |length| Boundary::of(format!("multipart/form-data; boundary={}", "x".repeat(length)).as_bytes());
    assert!(of_length(70).is_ok());
    assert!(of_length(71).expect_err("too long").explain.contains("more than 70"));
}

#[test]
fn limits_hold_exactly() {
    let two = format!("--b\r\n{A}\r\nX: y\r\n\r\n12345\r\n--b\r\n{A}\r\n\r\n1\r\n--b--");
    let head = A.len() + "\r\nX: y\r\n\r\n".len();
    let exact = Bounds { parts: 2, part_size: 5, head_size: head, header_count: 2 };
    assert_eq!(told(&decoded(two.as_bytes(), exact)), "a=12345;a=1;");
    let table = [
        (Bounds { parts: 1, ..exact }, "400 the multipart body has more than 1 parts (Limits::parts)"),
        (
            Bounds { part_size: 4, ..exact },
            "413 part 1 of the multipart body is larger than 4 bytes (Limits::part_size)",
        ),
        (
            Bounds { head_size: head - 1, ..exact },
            &format!(
                "400 the head of part 1 of the multipart body is longer than {} bytes (Limits::part_head_size)",
                head - 1
            ),
        ),
        (
            Bounds { header_count: 1, ..exact },
            "400 in the multipart body, the head of part 1 has more than 1 fields (Limits::part_header_count)",
        ),
    ];
    for (bounds, expected) in table {
        // How much of a part was told before it became too large depends on the pieces.
        for length in [1, 2, two.len()] {
            let form = decode("b", two.as_bytes(), &[length], bounds);
            assert!(told(&form).ends_with(expected), "{}", told(&form));
        }
    }
    // A head that never ends is refused where it is too long, not where it ends.
    let endless = format!("--b\r\n{A}{}", "x".repeat(1 << 20));
    let form = decode("b", endless.as_bytes(), &[1 << 10], BOUNDS);
    assert!(told(&form).contains("longer than 4096 bytes"), "{}", told(&form));
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) filename: Option<String>,
    pub(crate) data: Vec<u8>,
}

/// Any field, with data that comes close to a boundary.
pub(crate) fn field() -> impl Strategy<Value = Field> {
    let pieces: &[&[u8]] = &[b"\r\n", b"\r\n--", b"--b", b"\n--b", b"\r", b"-", b"x", b"\0\xff"];
    let piece = prop::sample::select(pieces);
    let data = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let data = data.prop_filter("is no boundary", |data| {
        let framed = [b"\r\n", &data[..]].concat();
        memchr::memmem::find(&framed, b"\r\n--b").is_none()
    });
    ("[a-z]{0,4}", prop::option::of("[a-z.]{1,6}"), data).prop_map(|(name, filename, data)| Field {
        name,
        filename,
        data,
    })
}

/// The form of these fields, whose boundary is `b`.
pub(crate) fn written(fields: &[Field]) -> Vec<u8> {
    let mut body = Vec::new();
    for field in fields {
        body.extend_from_slice(
            format!("--b\r\nContent-Disposition: form-data; name=\"{}\"", field.name).as_bytes(),
        );
        if let Some(filename) = &field.filename {
            body.extend_from_slice(format!("; filename=\"{filename}\"").as_bytes());
        }
        body.extend_from_slice(&[b"\r\n\r\n", &field.data[..], b"\r\n"].concat());
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

proptest! {
    #[test]
    fn a_written_form_is_read_in_any_pieces(
        fields in prop::collection::vec(field(), 0..5),
        lengths in prop::collection::vec(1_usize..20, 1..8),
    ) {
        let body = written(&fields);
        let form = decode("b", &body, &lengths, BOUNDS);
        prop_assert_eq!(&form.refusal, &None);
        prop_assert!(form.has_ended && form.parts.len() == fields.len());
        for (part, field) in form.parts.iter().zip(&fields) {
            prop_assert_eq!(&part.name, &field.name);
            prop_assert_eq!(&part.filename, &field.filename);
            prop_assert!(part.is_whole && part.data == field.data, "{:?}", form);
        }
    }

    #[test]
    fn any_bytes_are_the_same_in_any_pieces(
        pieces in prop::collection::vec(prop::sample::select(&[
            "--b", "\r\n--b", "\n--b", "--", "\r\n", "\n", "\r", " ", "Content-Disposition: form-data; name=\"a\"",
            "; filename=\"x\"", "\r\n\r\n", "x",
        ][..]), 0..24),
        lengths in prop::collection::vec(1_usize..9, 1..6),
    ) {
        let body = pieces.concat();
        let whole = decode("b", body.as_bytes(), &[body.len()], BOUNDS);
        prop_assert_eq!(decode("b", body.as_bytes(), &lengths, BOUNDS), whole);
    }
}
