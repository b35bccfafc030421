//! Clients that Debian packs, of Perl, Ruby, C, C++ and Go, and what those of Debian 12 do otherwise. Ignored unless they are asked for:
//! `.ci/interop` installs them.

use std::fs;
use std::process::Command;

use crate::clients::{COMPRESSED, Client, cannot, closes, judge, sees, wordless};
use crate::install;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "`.ci/interop` installs these clients"]
async fn clients_of_debian() {
    judge(CLIENTS.iter().map(|client| (client, command(client.name))).collect()).await;
}

fn command(name: &str) -> Command {
    let script = |program: &str, file: &str| {
        let mut command = Command::new(program);
        command.arg(install::clients(file));
        command
    };
    // Debian's modules are those of its own Python.
    let python = |arguments: &[&str]| {
        let mut command = script("/usr/bin/python3", "driver.py");
        command.args(arguments);
        command
    };
    match name {
        "Mojo::UserAgent" => script("/usr/bin/perl", "mojolicious.pl"),
        "faye-websocket of Ruby" => script("/usr/bin/ruby", "faye-websocket.rb"),
        "libsoup" => python(&["libsoup"]),
        "Qt 5" => python(&["qt", "PyQt5"]),
        "Qt 6" => python(&["qt", "PyQt6"]),
        name => built(name),
    }
}

/// A client of Go. Debian's packages of Go are sources in a folder, which is what `GOPATH` was for.
fn built(name: &str) -> Command {
    let program = install::target("go").join(name);
    fs::create_dir_all(install::target("go")).expect("a folder to write to");
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).args(["driver.go", &format!("{name}.go")]);
    go.current_dir(install::clients("")).env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode");
    install::run(&mut go).unwrap_or_else(|told| panic!("{told}"));
    Command::new(program)
}

const CLIENTS: &[Client] = &[
    Client {
        name: "Mojo::UserAgent",
        version: "9.31",
        notes: &[
            sees(
                &["1 MiB of text", "1 MiB of bytes", "1 MiB, compressed"],
                r#"[["close", 1009, null]]"#,
                "by default `max_websocket_size` is 256 KiB",
            ),
            closes(1005, "", "`finish` is an empty close frame"),
        ],
    },
    Client {
        name: "faye-websocket of Ruby",
        version: "0.11.0",
        notes: &[
            cannot(COMPRESSED, "deflate", "its permessage_deflate is packed nowhere"),
            cannot(&["fragments of it"], "fragments", "messages are sent whole"),
            sees(
                &["refusal with 403"],
                r#"[["close", 1002, "Error during WebSocket handshake: Unexpected response code: 403"]]"#,
                "a refusal is told to `close`",
            ),
            sees(
                &["refusal with 400"],
                r#"[["close", 1002, "Error during WebSocket handshake: Unexpected response code: 400"]]"#,
                "a refusal is told to `close`",
            ),
            sees(
                &["close to it with 1012"],
                r#"[["close", 1002, "in a minute"]]"#,
                "it knows the codes of RFC 6455 alone",
            ),
        ],
    },
    Client {
        name: "libsoup",
        version: "3.2.3",
        notes: &[
            sees(
                &["1 MiB of text", "1 MiB of bytes"],
                r#"[["error", "larger than configured max-incoming-payload-size"]]"#,
                "by default `max-incoming-payload-size` is 128 KiB",
            ),
            cannot(COMPRESSED, "deflate", "the manager of extensions is not to be had through introspection"),
            cannot(&["fragments of it"], "fragments", "messages are sent whole"),
            cannot(&["ping of it"], "ping", "only `keepalive-interval` sends pings"),
            wordless("the message has status and fields"),
            sees(
                &["close to it with 1012"],
                r#"[["error", "invalid WebSocket response"]]"#,
                "it knows the codes of RFC 6455 alone",
            ),
        ],
    },
    Client {
        name: "Qt 5",
        version: "5.15.8",
        notes: &[
            cannot(COMPRESSED, "deflate", "it knows no extensions"),
            cannot(&["fragments of it"], "fragments", "messages are cut by `outgoingFrameSize`, 512 KiB"),
            cannot(&["subprotocol"], "subprotocol", "they came with Qt 6.4"),
            sees(
                &["refusal with 403"],
                r#"[["error", "Unhandled http status code: 403 (Forbidden)"]]"#,
                "a refusal is told in words",
            ),
            sees(
                &["refusal with 400"],
                r#"[["error", "Unknown error condition encountered"]]"#,
                "a 400 is told otherwise than all else",
            ),
            sees(
                &["close to it with 1012"],
                r#"[["close", 1002, "Invalid close code 1002 detected."]]"#,
                "it knows the codes of RFC 6455 alone",
            ),
        ],
    },
    Client {
        name: "Qt 6",
        version: "6.4.2",
        notes: &[
            cannot(COMPRESSED, "deflate", "it knows no extensions"),
            cannot(&["fragments of it"], "fragments", "messages are cut by `outgoingFrameSize`, 512 KiB"),
            sees(
                &["refusal with 403"],
                r#"[["error", "Unhandled http status code: 403 (Forbidden)"]]"#,
                "a refusal is told in words",
            ),
            sees(
                &["refusal with 400"],
                r#"[["error", "Unknown error condition encountered"]]"#,
                "a 400 is told otherwise than all else",
            ),
            sees(
                &["close to it with 1012"],
                r#"[["close", 1002, "Invalid close code 1002 detected."]]"#,
                "it knows the codes of RFC 6455 alone",
            ),
        ],
    },
    Client {
        name: "gorilla",
        version: "1.5.0",
        notes: &[cannot(&["fragments of it"], "fragments", "messages are cut by `WriteBufferSize`, 4 KiB")],
    },
    Client { name: "nhooyr", version: "1.8.7", notes: &[] },
    Client {
        name: "x-net",
        version: "0.7.0",
        notes: &[
            cannot(COMPRESSED, "deflate", "it knows no extensions"),
            sees(&["fragments to it"], r#"[["text", "in th"]]"#, "each frame is a message"),
            cannot(&["fragments of it"], "fragments", "messages are sent whole"),
            cannot(&["ping of it"], "ping", "it has none"),
            sees(
                &["refusal with 403", "refusal with 400"],
                r#"[["error", "bad status"]]"#,
                "it does not say which",
            ),
            sees(
                &["close to it", "close to it with 1001", "close to it with 1012"],
                r#"[["close", null, null]]"#,
                "an end is `io.EOF`, whatever its code",
            ),
            sees(&["close of it"], r#"[["close", null, null]]"#, "`WriteClose` takes a code, but no reason")
                .served(4002, ""),
        ],
    },
];
