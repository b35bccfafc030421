//! Clients from PyPI, and what they do otherwise.

use std::process::Command;

use tokio::task::spawn_blocking;

use crate::clients::{COMPRESSED, Client, cannot, closes, judge, sees, wordless};
use crate::install;

#[tokio::test(flavor = "multi_thread")]
async fn clients_from_pypi() {
    let python = spawn_blocking(install::python).await.expect("a Python");
    let command = |client: &'static Client| {
        let mut command = Command::new(python);
        command.arg(install::clients("driver.py")).arg(client.name);
        (client, command)
    };
    judge(CLIENTS.iter().map(command).collect()).await;
}

const CLIENTS: &[Client] = &[
    Client {
        name: "aiohttp",
        version: "3.14.5",
        notes: &[
            cannot(&["fragments of it"], "fragments", "`ws.send_frame` sets FIN always"),
            sees(&["close of it"], r#"[["close", 4002, null]]"#, "`close_code` is shown, the reason is not"),
            wordless("`WSServerHandshakeError` has status and fields"),
        ],
    },
    Client {
        name: "autobahn",
        version: "26.10.2",
        notes: &[
            sees(
                &["refusal with 403"],
                r#"[["close", 1006, "connection was closed uncleanly (\"WebSocket connection upgrade failed [403]: Forbidden\")"]]"#,
                "a refusal is told to `onClose`",
            ),
            sees(
                &["refusal with 400"],
                r#"[["close", 1006, "connection was closed uncleanly (\"WebSocket connection upgrade failed [400]: Bad Request\")"]]"#,
                "a refusal is told to `onClose`",
            ),
            closes(1005, "", "`sendClose()` is an empty close frame"),
        ],
    },
    Client {
        name: "lomond",
        version: "0.3.4",
        notes: &[
            cannot(&["fragments of it"], "fragments", "messages are sent whole"),
            wordless("the event `rejected` has status and fields"),
            closes(1000, "goodbye", "the reason of `close()` is `goodbye`"),
        ],
    },
    Client {
        name: "picows",
        version: "2.3.1",
        notes: &[cannot(COMPRESSED, "deflate", "it knows no extensions")],
    },
    Client {
        name: "tornado",
        version: "6.6.1",
        notes: &[
            cannot(&["fragments of it"], "fragments", "messages are sent whole"),
            closes(1005, "", "`close()` is an empty close frame"),
        ],
    },
    Client {
        name: "websocket-client",
        version: "1.9.2",
        notes: &[cannot(COMPRESSED, "deflate", "it knows no extensions")],
    },
    Client { name: "websockets", version: "17.4", notes: &[] },
];
