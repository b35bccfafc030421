//! The lessons over WebSockets as AsyncAPI describes them. Their files are parts of this suite, so that all they register is here.

#![expect(dead_code, reason = "the main functions are not called")]

#[path = "../examples/chat.rs"]
mod chat;
#[path = "../examples/echo.rs"]
mod echo;
#[path = "../examples/frame_log.rs"]
mod frame_log;
mod installed;
#[path = "contract/parser.rs"]
mod parser;
mod scratch;
#[path = "../examples/shop/main.rs"]
mod shop;

use std::fs;
use std::path::Path;

use serde_json::Value;
use vernal::App;

#[test]
fn the_parser_of_others_finds_nothing() {
    let document = App::from_registry(shop::config()).expect("an application").asyncapi();
    let actions = |channel: &str| {
        let operations = document["operations"].as_object().expect("operations");
        let of_channel = |operation: &&Value| operation["channel"]["$ref"] == format!("#/channels/{channel}");
        let messages = |operation: &Value| {
            let names =
                operation["messages"].as_array().into_iter().flatten().filter_map(|it| it["$ref"].as_str());
            let names: Vec<_> = names.map(|name| name.rsplit('/').next().unwrap_or_default()).collect();
            format!("{} {}", operation["action"].as_str().unwrap_or_default(), names.join(" "))
        };
        operations.values().filter(of_channel).map(messages).collect::<Vec<_>>()
    };
    let table: [(&str, &[&str]); 8] = [
        ("advice", &["receive Question", "send Advice"]),
        ("by-hand", &["receive message"]),
        ("chat.room", &["receive close", "receive json"]),
        ("echo", &["receive message"]),
        ("events", &["receive bytes", "receive text"]),
        ("functions", &["receive text", "receive close"]),
        ("json", &["receive json"]),
        ("loop", &["receive message"]),
    ];
    assert_eq!(document["channels"].as_object().map(|channels| channels.len()), Some(table.len()));
    for (channel, expected) in table {
        assert_eq!(actions(channel), expected, "{channel}");
    }
    parser::parse(&[("examples", document)]);
}

/// Those that are not here have the path of one that is, and its loop.
#[test]
fn all_lessons_over_websockets_are_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let speaks = |name: &String| {
        fs::read_to_string(folder.join(name)).is_ok_and(|source| source.contains("#[websocket_"))
    };
    let names = fs::read_dir(&folder).expect("lessons").map(|entry| entry.expect("one").file_name());
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).filter(speaks).collect();
    names.sort_unstable();
    let others = ["cluster.rs", "embed.rs", "tls.rs"];
    names.retain(|name| !others.contains(&&**name));
    assert_eq!(names, ["chat.rs", "echo.rs", "frame_log.rs"]);
}
