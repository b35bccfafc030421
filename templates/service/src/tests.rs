//! The service, by its requests: in memory, through the real parser, without a port.

use std::path::{Path, PathBuf};

use serde_json::json;
use vernal::test::Client;

use crate::config;
use crate::settings::Settings;
use crate::tasks::Task;

/// A directory that goes with its test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("tasks-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a place for files");
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn client(data: &Path, token: Option<&str>, most_tasks: usize) -> Client {
    let settings = Settings { data: data.to_owned(), token: token.map(str::to_owned), most_tasks };
    Client::builder().config(config(settings).expect("tasks that can be read")).build()
}

#[tokio::test]
async fn tasks_are_added_marked_removed_and_kept() {
    let directory = Directory::new("kept");
    let first = client(&directory.0, None, 10);
    first.get("/tasks").await.assert_status(200).assert_json(json!([]));
    let added = first.post("/tasks").form("text", "Buy tea").await;
    added.assert_status(201).assert_header("location", "/tasks/1");
    assert_eq!(added.json::<Task>(), Task { id: 1, text: "Buy tea".to_owned(), done: false });
    first.put("/tasks/1").form("done", true).await.assert_status(200);

    let second = client(&directory.0, None, 10);
    second.get("/tasks/1").await.assert_json(json!({ "id": 1, "text": "Buy tea", "done": true }));
    second.delete("/tasks/1").await.assert_status(204);
    second.get("/tasks/1").await.assert_status(404);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let directory = Directory::new("refused");
    let client = client(&directory.0, None, 1);
    let table = [
        (client.post("/tasks"), 400),
        (client.post("/tasks").form("text", "  "), 400),
        (client.post("/tasks").form("text", "x".repeat(501)), 400),
        (client.post("/tasks").form("text", "x".repeat(65 << 10)), 413),
        (client.post("/tasks").form("text", "one"), 201),
        (client.post("/tasks").form("text", "one too many"), 409),
        (client.get("/tasks/one"), 404),
        (client.put("/tasks/2").form("done", true), 404),
        (client.patch("/tasks/1"), 405),
        (client.get("/health"), 200),
    ];
    for (request, status) in table {
        request.await.assert_status(status);
    }
}

#[tokio::test]
async fn only_who_has_the_token_sees_and_changes_tasks() {
    let directory = Directory::new("token");
    let client = client(&directory.0, Some("secret"), 10);
    client.get("/health").await.assert_status(200);
    client.get("/tasks").await.assert_status(401);
    client.post("/tasks").form("text", "a").await.assert_status(401);
    let guessed = client.post("/tasks").form("text", "a").header("authorization", "Bearer guess");
    guessed.await.assert_status(401);
    let known = client.post("/tasks").form("text", "a").header("authorization", "Bearer secret");
    known.await.assert_status(201);
}

#[test]
fn settings_are_checked_at_start() {
    let table = [
        ("SERVICE_TASKS", "0", "SERVICE_TASKS is a number from 1"),
        ("SERVICE_TASKS", "many", "SERVICE_TASKS is a number from 1"),
        ("SERVICE_TOKEN", "", "SERVICE_TOKEN is empty"),
    ];
    for (variable, value, expected) in table {
        let read = Settings::read(|name| (name == variable).then(|| value.to_owned()));
        let error = read.err().expect("it is wrong").to_string();
        assert!(error.contains(expected), "{variable}={value}: {error}");
    }
    let settings = Settings::read(|_| None).expect("all have a default");
    assert_eq!((settings.most_tasks, settings.token), (1000, None));
}
