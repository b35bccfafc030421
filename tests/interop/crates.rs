//! Clients of other crates, and what they do otherwise.

use std::process::Command;

use tokio::task::spawn_blocking;

use crate::clients::{COMPRESSED, Client, cannot, closes, judge, sees, wordless};
use crate::install;

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_crates() {
    spawn_blocking(|| install::program("")).await.expect("programs");
    let command = |client: &'static Client| (client, Command::new(install::program(client.name)));
    judge(CLIENTS.iter().map(command).collect()).await;
}

const CLIENTS: &[Client] = &[
    Client {
        name: "fastwebsockets",
        version: "0.10.0",
        notes: &[
            cannot(COMPRESSED, "deflate", "it knows no extensions"),
            wordless("`InvalidStatusCode` has the status alone"),
        ],
    },
    Client {
        name: "tokio-websockets",
        version: "0.13.3",
        notes: &[
            cannot(COMPRESSED, "deflate", "it knows no extensions"),
            cannot(
                &["fragments of it"],
                "fragments",
                "it cuts by `Config::frame_size`, set before the session",
            ),
            wordless("`DidNotSwitchProtocols` has the status alone"),
        ],
    },
    Client {
        name: "tungstenite",
        version: "0.30.0",
        notes: &[
            cannot(COMPRESSED, "deflate", "it knows no extensions"),
            closes(1005, "", "`close(None)` is an empty close frame"),
        ],
    },
    Client {
        name: "yawc",
        version: "0.5.0",
        notes: &[
            sees(
                &["1 MiB of text", "1 MiB of bytes", "1 MiB, compressed"],
                r#"[["error", "Frame too large"]]"#,
                "by default it takes one byte less than 1 MiB",
            ),
            cannot(&["subprotocol"], "subprotocol", "it does not show the answer to the handshake"),
            wordless("`InvalidStatusCode` has the status alone"),
        ],
    },
];
