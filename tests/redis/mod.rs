//! A Redis that a test starts, and does to what may happen to one.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// A Redis of this test's own, with nothing on disk.
pub struct Redis {
    child: Child,
    pub port: u16,
    pub folder: PathBuf,
    arguments: Vec<String>,
}

impl Redis {
    pub fn start() -> Redis {
        Redis::start_with(|_| Vec::new())
    }

    /// With more arguments, which may name files in its folder.
    pub fn start_with(arguments: impl FnOnce(&Path) -> Vec<String>) -> Redis {
        let port = free_port();
        let folder = env::temp_dir().join(format!("vernal-redis-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let arguments = arguments(&folder);
        let mut redis = Redis { child: Redis::spawn(port, &folder, &arguments), port, folder, arguments };
        redis.wait();
        redis
    }

    fn spawn(port: u16, folder: &Path, arguments: &[String]) -> Child {
        let mut command = Command::new("redis-server");
        // A file of settings comes first, if there is one.
        let (file, arguments) =
            arguments.split_at(usize::from(arguments.first().is_some_and(|word| word.starts_with('/'))));
        command.args(file).args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
        ]);
        command.arg(folder).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("`redis-server` is installed (Debian's package redis-server)")
    }

    fn wait(&mut self) {
        until("redis-server", || {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("redis-server ended: {status}");
            }
            let answer = self.ask(&["PING"]);
            answer == "PONG" || answer.starts_with("NOAUTH")
        });
    }

    pub fn url(&self) -> String {
        format!("redis://default:@127.0.0.1:{}/", self.port).replace("default:@", "")
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }

    /// Asks it to end, and waits until it has.
    pub fn end(&mut self) {
        self.signal("TERM");
        self.child.wait().expect("it ended");
    }

    pub fn start_again(&mut self) {
        self.child = Redis::spawn(self.port, &self.folder, &self.arguments);
        self.wait();
    }

    pub fn signal(&self, name: &str) {
        assert!(self.send(name), "it runs");
    }

    fn send(&self, name: &str) -> bool {
        let mut command = Command::new("kill");
        command.args([&format!("-{name}"), &self.child.id().to_string()]).stderr(Stdio::null());
        command.status().expect("kill runs").success()
    }

    /// What `redis-cli` says.
    pub fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        let output =
            command.args(["-p", &self.port.to_string()]).args(words).output().expect("redis-cli runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn until(&self, words: &[&str], expected: &str) {
        until(&format!("{words:?}"), || self.ask(words) == expected);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may be stopped, or gone.
        let _ = self.send("CONT");
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Looks again and again, until it is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: it took too long");
        thread::yield_now();
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("it is bound").port()
}
