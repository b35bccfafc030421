//! A proxy that others wrote, as a process with a folder and a port of its own. It ends with all that it has started.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::installed;

/// See the head of this file.
pub struct Proxy {
    program: String,
    child: Child,
    folder: PathBuf,
    pub port: u16,
    begin: Instant,
}

impl Proxy {
    /// Starts it. In arguments and configuration `{folder}`, `{file}` and `{port}` stand for its folder, the file of the configuration and
    /// its port.
    pub fn spawn(program: &str, arguments: &[&str], configuration: &str) -> Proxy {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("vernal-proxy-{program}-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a writable folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let file = folder.join("configuration");
        let filled = |text: &str| {
            text.replace("{folder}", &folder.display().to_string())
                .replace("{file}", &file.display().to_string())
                .replace("{port}", &port.to_string())
        };
        fs::write(&file, filled(configuration)).expect("a writable folder");
        let program = installed::program(program);
        let log = File::create(folder.join("log")).expect("a writable folder");
        let child = Command::new(&program)
            .args(arguments.iter().map(|argument| filled(argument)))
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
        Proxy { program, child, folder, port, begin: Instant::now() }
    }

    /// Looks whether it still runs, and is not waited for longer than this.
    pub fn check(&mut self, patience: Duration) {
        let ended = self.child.try_wait().expect("a child");
        let is_well = ended.is_none() && self.begin.elapsed() < patience;
        assert!(is_well, "{}: {ended:?}\n{}", self.program, self.log());
    }

    /// What it said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.child.id())]).status();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
