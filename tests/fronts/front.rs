//! A proxy that others wrote, as a process with a folder and a port of its own.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::installed;
use crate::running::{self, PATIENCE};

/// What is known of a proxy beside its configuration.
pub struct Kind {
    /// What its part of the chapter is called, without the version.
    pub name: &'static str,
    pub program: &'static str,
    /// `{folder}`, `{file}` and `{port}` stand for what it gets.
    pub arguments: &'static [&'static str],
    /// What the rest of its configuration is, where `{book}` stands for that of the book.
    pub around: &'static str,
    /// What the book writes for port 80, and what is written here.
    pub port: (&'static str, &'static str),
    /// Requests go on to the server while they come.
    pub streams_uploads: bool,
    /// A client that goes before there is an answer is told of.
    pub tells_of_the_gone: bool,
    /// What clients write into fields of proxies does not get through.
    pub clears_all: bool,
}

/// See the head of this file.
pub struct Front {
    child: Child,
    folder: PathBuf,
    pub address: SocketAddr,
}

impl Front {
    pub async fn start(kind: &Kind, server: SocketAddr) -> Front {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!(
            "vernal-front-{}-{}-{number}",
            kind.program,
            std::process::id()
        ));
        fs::create_dir_all(&folder).expect("a writable folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("it is bound");
        drop(free);
        let file = folder.join("configuration");
        let filled = |text: &str| {
            text.replace("{folder}", &folder.display().to_string())
                .replace("{file}", &file.display().to_string())
                .replace("{port}", &address.port().to_string())
        };
        let written = written(kind, server);
        fs::write(&file, filled(&kind.around.replace("{book}", &written))).expect("a writable folder");
        let program = installed::program(kind.program);
        let log = File::create(folder.join("log")).expect("a writable folder");
        let child = Command::new(&program)
            .args(kind.arguments.iter().map(|argument| filled(argument)))
            // Where Caddy writes by itself.
            .env("HOME", &folder)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME")
            .current_dir(&folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{program} is not there ({error}): .ci/run installs it"));
        let mut front = Front { child, folder, address };
        let begin = Instant::now();
        // Apache listens, and goes back, before it listens for good.
        while running::get(address, "/health").await.is_none_or(|(status, _)| status != 200) {
            let ended = front.child.try_wait().expect("a child");
            assert!(ended.is_none() && begin.elapsed() < PATIENCE, "{program}: {ended:?}\n{}", front.log());
            tokio::task::yield_now().await;
        }
        front
    }

    /// What it said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // With those it has started.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.child.id())]).status();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The configuration of the book, for this server behind a proxy at `{port}`.
fn written(kind: &Kind, server: SocketAddr) -> String {
    let book = include_str!("../../docs/proxies.md");
    let (_, part) = book.split_once(&format!("\n### {} ", kind.name)).expect("the book has a part for it");
    let (_, block) = part.split_once("\n```").expect("with a configuration");
    let (_, block) = block.split_once('\n').expect("of some lines");
    let (text, _) = block.split_once("\n```").expect("which ends");
    let (listening, own) = kind.port;
    assert!(text.contains(listening) || listening.is_empty(), "{}: `{listening}` is in {text}", kind.name);
    assert_eq!(text.matches("9090").count(), 1, "{}: the server is named once in {text}", kind.name);
    text.replace("9090", &server.port().to_string()).replacen(listening, own, 1)
}
