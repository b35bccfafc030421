//! Tasks: what they are, where they are kept, and the requests about them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use vernal::component;
use vernal::prelude::*;

use crate::settings::Service;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Task {
    pub id: u64,
    pub text: String,
    #[serde(default)]
    pub done: bool,
}

/// All tasks, in memory and in a file.
pub struct Tasks {
    file: PathBuf,
    most: usize,
    all: Mutex<BTreeMap<u64, Task>>,
}

/// Made at the start, of the settings. What is wrong with the file keeps the service from starting.
#[component]
fn tasks(State(service): State<&Service>) -> Result<Tasks> {
    Tasks::open(service)
}

/// Asked by whoever asks for the health.
pub async fn can_be_kept(tasks: State<&Tasks>) -> Result {
    let directory = tasks.file.parent().map(fs::metadata).transpose()?;
    match directory.is_none_or(|directory| directory.is_dir()) {
        true => Ok(()),
        false => Err(Error::internal("the place of the tasks is no directory")),
    }
}

impl Tasks {
    fn open(service: &Service) -> Result<Tasks> {
        let file = service.data.join("tasks.json");
        let all: Vec<Task> = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Error::internal(format!("{} holds no tasks: {error}", file.display())))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::internal(format!("{}: {error}", file.display()))),
        };
        let all = Mutex::new(all.into_iter().map(|task| (task.id, task)).collect());
        Ok(Tasks { file, most: service.most_tasks.get(), all })
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<u64, Task>) -> T) -> T {
        look(&self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes a copy, writes it down, and only then shows it. It waits for the disk: call it from `blocking` handlers.
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<u64, Task>) -> Result<T>) -> Result<T> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = all.clone();
        let result = change(&mut changed)?;
        let text = serde_json::to_vec_pretty(&Vec::from_iter(changed.values())).or_status(500)?;
        let next = self.file.with_extension("json.next");
        fs::write(&next, text).and_then(|()| fs::rename(&next, &self.file)).or_status(500)?;
        *all = changed;
        Ok(result)
    }
}

#[request_map("/tasks", method = "GET")]
fn list(State(tasks): State<&Tasks>) -> Json<Vec<Task>> {
    Json(tasks.read(|all| all.values().cloned().collect()))
}

#[request_map("/tasks", method = "POST", blocking)]
fn add(State(tasks): State<&Tasks>, text: &str, res: &mut Response) -> Result<(u16, Json<Task>)> {
    if text.trim().is_empty() || text.len() > 500 {
        return Err(Error::bad_request("The text of a task has 1 to 500 bytes."));
    }
    let task = tasks.change(|all| {
        if all.len() >= tasks.most {
            return Err(Error::new(409, "Too Many Tasks").explain("Finish some, and remove them."));
        }
        let id = all.last_key_value().map_or(1, |(last, _)| last + 1);
        let task = Task { id, text: text.to_owned(), done: false };
        all.insert(id, task.clone());
        Ok(task)
    })?;
    res.headers.insert("location", format!("/tasks/{}", task.id));
    Ok((201, Json(task)))
}

#[request_map("/tasks/{id}", method = "GET")]
fn show(State(tasks): State<&Tasks>, id: u64) -> Result<Json<Task>> {
    tasks.read(|all| all.get(&id).cloned()).map(Json).or_404("There is no such task.")
}

#[request_map("/tasks/{id}", method = "PUT", blocking)]
fn mark(State(tasks): State<&Tasks>, id: u64, done: bool) -> Result<Json<Task>> {
    tasks.change(|all| {
        let task = all.get_mut(&id).or_404("There is no such task.")?;
        task.done = done;
        Ok(Json(task.clone()))
    })
}

#[request_map("/tasks/{id}", method = "DELETE", blocking)]
fn remove(State(tasks): State<&Tasks>, id: u64) -> Result<u16> {
    tasks.change(|all| all.remove(&id).map(|_| 204).or_404("There is no such task."))
}
