//! The service, by its requests: in memory, through the real parser, without a port.

use std::path::{Path, PathBuf};

use serde_json::json;
use vernal::test::Client;
use vernal::{App, Config, Result, Settings};

use crate::config;
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

/// The service as it is shipped, but for these settings, which a variable or an argument may say.
fn config_with(data: &Path, others: &[&str]) -> Result<Config> {
    let data = format!("--service.data={}", data.display());
    let arguments = others.iter().map(|other| format!("--{other}")).chain([data]);
    config(Settings::toml(include_str!("../vernal.toml")).arguments(arguments))
}

fn client(data: &Path, others: &[&str]) -> Client {
    Client::builder().config(config_with(data, others).expect("settings that can be read")).build()
}

#[tokio::test]
async fn tasks_are_added_marked_removed_and_kept() {
    let directory = Directory::new("kept");
    let first = client(&directory.0, &[]);
    first.get("/tasks").await.assert_status(200).assert_json(json!([]));
    let added = first.post("/tasks").form("text", "Buy tea").await;
    added.assert_status(201).assert_header("location", "/tasks/1");
    assert_eq!(added.json::<Task>(), Task { id: 1, text: "Buy tea".to_owned(), done: false });
    first.put("/tasks/1").form("done", true).await.assert_status(200);

    let second = client(&directory.0, &[]);
    second.get("/tasks/1").await.assert_json(json!({ "id": 1, "text": "Buy tea", "done": true }));
    second.delete("/tasks/1").await.assert_status(204);
    second.get("/tasks/1").await.assert_status(404);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let directory = Directory::new("refused");
    let client = client(&directory.0, &["service.most_tasks=1"]);
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
        (client.get("/actuator/health"), 404),
    ];
    for (request, status) in table {
        request.await.assert_status(status);
    }
}

#[tokio::test]
async fn only_who_has_the_token_sees_and_changes_tasks() {
    let directory = Directory::new("token");
    let client = client(&directory.0, &["service.token=secret"]);
    client.get("/tasks").await.assert_status(401);
    client.post("/tasks").form("text", "a").await.assert_status(401);
    let guessed = client.post("/tasks").form("text", "a").header("authorization", "Bearer guess");
    guessed.await.assert_status(401);
    let known = client.post("/tasks").form("text", "a").header("authorization", "Bearer secret");
    known.await.assert_status(201);
}

#[tokio::test]
async fn those_who_run_it_see_how_it_is() {
    let directory = Directory::new("run");
    let client = client(&directory.0, &["service.token=secret"]);
    client.get("/tasks").await.assert_status(401);
    let actuator = client.actuator();
    let health = actuator.get("/actuator/health/ready").await;
    health.assert_status(200).assert_json(json!({"status": "UP", "components": {"tasks": {"status": "UP"}}}));
    let asked = r#"http_server_request_duration_seconds_count{http_request_method="GET",http_route="/tasks",http_response_status_code="401"} 1"#;
    actuator.get("/actuator/metrics").await.assert_contains(asked);

    let homeless = self::client(&directory.0, &[]).actuator();
    std::fs::remove_dir_all(&directory.0).expect("it is there");
    homeless.get("/actuator/health/ready").await.assert_status(503).assert_contains("No such file");
}

#[test]
fn settings_are_checked_at_start() {
    let directory = Directory::new("checked");
    let table = [
        ("service.most_tasks=0", "--service.most_tasks: `service.most_tasks`: "),
        ("service.most_tasks=many", "--service.most_tasks: `service.most_tasks`: "),
        ("service.token=", "it is empty: set it to a secret, or leave it out"),
        ("service.tokn=secret", "there is no setting `service.tokn`: did you mean `service.token`?"),
    ];
    for (argument, expected) in table {
        let begun = config_with(&directory.0, &[argument]).and_then(App::from_registry);
        let error = begun.expect_err("it is wrong").to_string();
        assert!(error.contains(expected), "{argument}: {error}");
    }
    std::fs::write(directory.0.join("tasks.json"), "[{]").expect("a file");
    let error =
        config_with(&directory.0, &[]).and_then(App::from_registry).expect_err("no tasks").to_string();
    assert!(error.contains("the component `tasks` at ") && error.contains("holds no tasks"), "{error}");
}
