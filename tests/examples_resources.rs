//! The file server of the examples as its users start it, and the arena's files.

mod scratch;

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use crate::scratch::Scratch;

/// An example that runs. Its log says where it listens.
struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    port: u16,
}

impl Running {
    fn start(mut command: Command) -> Running {
        let mut child = command
            .env("VERNAL_LOG", "info")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            assert!(log.read_line(&mut line).expect("text") > 0, "it ended before it listened");
        }
        let port = line.split("http://").nth(1).and_then(|rest| rest.split([':', ' ']).nth(1));
        let port = port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no port in {line}"));
        Running { child, log, port }
    }

    fn ask(&self, method: &str, target: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout that is not zero");
        write!(stream, "{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers with text");
        answer
    }

    /// Ends it as a service manager does; it must do so by itself, and well.
    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).expect("its log ends with it");
        assert_eq!(self.child.wait().expect("it is ours").code(), Some(0), "{rest}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn example(name: &str) -> PathBuf {
    let test = env::current_exe().expect("this test has a file");
    let folder = test.parent().and_then(Path::parent).expect("it is in target/debug/deps").join("examples");
    folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

#[test]
fn serve_serves_a_directory_until_it_is_told_to_stop() {
    let scratch = Scratch::new();
    scratch.write("a.txt", "alpha");
    scratch.write("inner/b.txt", "beta");
    for options in [["-p", "-b", "-r"], ["--port", "--bind", "--resources"]] {
        let [port, host, dir] = options;
        let mut command = Command::new(example("serve"));
        command.args([port, "0", host, "127.0.0.1", dir]).arg(scratch.path());
        let serve = Running::start(command);
        let answer = serve.ask("GET", "/a.txt");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nalpha"), "{answer}");
        assert!(serve.ask("GET", "/inner/b.txt").ends_with("beta"));
        assert!(serve.ask("GET", "/").contains("<a href=\"inner/\">inner/</a>"));
        assert!(serve.ask("HEAD", "/a.txt").ends_with("\r\n\r\n"));
        assert!(serve.ask("GET", "/none").starts_with("HTTP/1.1 404 "));
        serve.stop();
    }
}

#[test]
fn serve_tells_what_is_wrong_with_its_options() {
    let table: [(&[&str], bool, &str); 5] = [
        (&["--help"], true, "serve [-p PORT]"),
        (&["-x"], false, "there is no option -x"),
        (&["-p"], false, "there is no value after -p"),
        (&["-p", "many"], false, "invalid digit"),
        (&["-p", "0", "-r", "no/such/dir"], false, "the directory `no/such/dir` cannot be served"),
    ];
    for (options, succeeds, expected) in table {
        let output = Command::new(example("serve")).args(options).output().expect("the example starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).expect("text");
        assert_eq!(output.status.success(), succeeds, "{options:?}: {text}");
        assert!(text.contains(expected), "{options:?}: {text}");
    }
}

/// Whoever runs the tests as root may read everything, so the server runs as nobody.
#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_a_403_and_the_server_goes_on() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let scratch = Scratch::new();
    scratch.write("a.txt", "alpha");
    scratch.write("closed/b.txt", "beta");
    let forbid = |name: &str| set_permissions(scratch.path().join(name), Permissions::from_mode(0o000));
    scratch.write("closed.txt", "beta");
    for name in ["closed", "closed.txt"] {
        forbid(name).expect("ours");
    }
    let binary = scratch.path().join("serve");
    // By a process of its own: one that forks meanwhile would keep the file open for writing, and it could not be run.
    let copied = Command::new("cp").arg(example("serve")).arg(&binary).status().expect("cp runs");
    assert!(copied.success());
    let mut command = Command::new(&binary);
    command.args(["-p", "0", "-b", "127.0.0.1", "-r"]).arg(scratch.path());
    if scratch.path().metadata().expect("it is there").uid() == 0 {
        command.uid(65534).gid(65534);
    }
    let serve = Running::start(command);
    for target in ["/closed.txt", "/closed/b.txt", "/closed/"] {
        let answer = serve.ask("GET", target);
        assert!(answer.starts_with("HTTP/1.1 403 "), "{target}: {answer}");
        assert!(answer.contains("This file may not be read."), "{target}: {answer}");
    }
    assert!(serve.ask("GET", "/a.txt").ends_with("alpha"));
    serve.stop();
    set_permissions(scratch.path().join("closed"), Permissions::from_mode(0o700)).expect("ours");
}

#[test]
fn the_arena_sends_files_of_a_directory() {
    let scratch = Scratch::new();
    scratch.write("large.txt", "x");
    scratch.write("gzip.txt", "x");
    scratch.write("file.txt", "a file");
    for cache in ["on", "off"] {
        let mut command = Command::new(example("arena"));
        command.args(["--port", "0", "--cache", cache, "--static"]).arg(scratch.path());
        let arena = Running::start(command);
        let answer = arena.ask("GET", "/static/file.txt");
        assert!(answer.ends_with("\r\n\r\na file"), "{answer}");
        assert!(answer.contains("content-type: text/plain; charset=utf-8\r\n"), "{answer}");
        arena.stop();
    }
}
