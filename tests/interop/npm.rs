//! Clients from npm, and what they do otherwise.

use std::process::Command;

use tokio::task::spawn_blocking;

use crate::clients::{COMPRESSED, Client, cannot, closes, judge, sees};
use crate::install;

#[tokio::test(flavor = "multi_thread")]
async fn clients_from_npm() {
    let modules = spawn_blocking(install::node_modules).await.expect("packages");
    let command = |client: &'static Client| {
        let mut command = Command::new("node");
        command.arg(install::clients("driver.mjs")).arg(client.name).env("MODULES", modules);
        (client, command)
    };
    judge(CLIENTS.iter().map(command).collect()).await;
}

const CLIENTS: &[Client] = &[
    Client {
        name: "faye-websocket",
        version: "0.11.4",
        notes: &[
            cannot(&["fragments of it"], "fragments", "messages are sent whole"),
            sees(
                &["refusal with 403"],
                r#"[["close", 1002, "Error during WebSocket handshake: Unexpected response code: 403"]]"#,
                "a refusal is told to `onclose`",
            ),
            sees(
                &["refusal with 400"],
                r#"[["close", 1002, "Error during WebSocket handshake: Unexpected response code: 400"]]"#,
                "a refusal is told to `onclose`",
            ),
            sees(
                &["close to it with 1012"],
                r#"[["close", 1002, "in a minute"]]"#,
                "it knows the codes of RFC 6455 alone",
            ),
        ],
    },
    Client {
        name: "nodejs-websocket",
        version: "1.7.2",
        notes: &[
            cannot(COMPRESSED, "deflate", "it knows no extensions"),
            cannot(&["fragments of it"], "fragments", "texts are sent whole"),
            sees(
                &["refusal with 403", "refusal with 400"],
                r#"[["error", "invalid first line format"]]"#,
                "any status but 101 is an error of syntax",
            ),
            closes(1005, "", "`close()` is an empty close frame"),
        ],
    },
    Client {
        name: "undici",
        version: "7.30.2",
        notes: &[
            cannot(&["fragments of it"], "fragments", "the interface of browsers has none"),
            sees(
                &["refusal with 403", "refusal with 400"],
                r#"[["close", 1006, ""]]"#,
                "browsers say nothing of a refusal",
            ),
            closes(1005, "", "`close()` is an empty close frame, as with browsers"),
        ],
    },
    Client {
        name: "websocket",
        version: "1.0.35",
        notes: &[
            cannot(COMPRESSED, "deflate", "it knows no extensions"),
            closes(1000, "Normal connection closure", "so speaks its `close()`"),
        ],
    },
    Client {
        name: "ws",
        version: "8.23.0",
        notes: &[closes(1005, "", "`close()` is an empty close frame, as with browsers")],
    },
];
