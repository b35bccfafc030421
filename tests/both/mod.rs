//! A suite once more over HTTP/2: all that it asks by `vernal::test::Client`, in a process of its own whose clients speak that. An application
//! does not know the version, so its tables are the same.

#![allow(dead_code, reason = "each suite takes what it needs")]

use std::env;
use std::process::Command;

use http::Version;
use vernal::test::Answer;

/// What tells the clients.
const HTTP2: &str = "VERNAL_TEST_HTTP2";

/// Runs the tests of this process again, but for those that are about HTTP/1.1.
pub fn again(left_out: &[&str]) {
    if env::var_os(HTTP2).is_some() {
        return;
    }
    let mut command = Command::new(env::current_exe().expect("a program"));
    command.env(HTTP2, "1").arg("--exact");
    for name in left_out.iter().chain(&["over_http2"]) {
        command.args(["--skip", name]);
    }
    let told = command.output().expect("it runs");
    let text = [told.stdout, told.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(told.status.success() && !text.contains(" 0 passed"), "{text}");
}

/// The status of a handshake that opens a session: there is nothing to switch to in HTTP/2 (RFC 8441, section 5).
pub fn opened() -> u16 {
    if env::var_os(HTTP2).is_some() { 200 } else { 101 }
}

/// Asserts that an answer came in pieces whose number nobody knew.
pub fn assert_in_pieces(answer: &Answer) {
    let coding = if answer.version() == Version::HTTP_2 { None } else { Some("chunked") };
    assert_eq!(
        (answer.header("transfer-encoding"), answer.header("content-length")),
        (coding, None),
        "{answer}"
    );
}
