//! The lesson about TLS, as its readers run it: the commands in its head, in a folder of their own, over a server on many threads.
//! And the arena, which speaks TLS when it is given a certificate.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

/// A running example; killed at the end of its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(command: &str, folder: &Path) -> String {
    let mut words = command.split_whitespace();
    let output = Command::new(words.next().expect("a command")).args(words).current_dir(folder).output();
    let output = output.expect("it is installed");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts an example and waits until it listens. `PORT` among its arguments is where.
fn start(name: &str, arguments: &str, folder: &Path) -> (Running, u16) {
    let test = env::current_exe().expect("this test has a file");
    let examples = test.parent().and_then(Path::parent).expect("it is in target/debug/deps").join("examples");
    // Somebody else may take a port between its choice and its use.
    for _ in 0..10 {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port");
        let child = Command::new(examples.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
            .args(arguments.replace("PORT", &free.port().to_string()).split_whitespace())
            .env("VERNAL_PORT", free.port().to_string())
            .env("VERNAL_HOST", "127.0.0.1")
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .current_dir(folder)
            .spawn();
        let mut running = Running(child.expect("the example is built"));
        let log = BufReader::new(running.0.stderr.take().expect("piped"));
        let mut lines = log.lines().map_while(Result::ok);
        if lines.any(|line| line.contains("listening on https://")) {
            std::thread::spawn(move || lines.for_each(drop));
            return (running, free.port());
        }
    }
    panic!("the example ended ten times before it listened");
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn the_lesson_tells_the_truth() {
    let folder = folder("lesson");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tls.rs");
    let source = fs::read_to_string(source).expect("there is a lesson");
    let mut running = None;
    let mut answers = Vec::new();
    for line in source.lines().filter_map(|line| line.strip_prefix("//! ")) {
        if let Some(arguments) = line.strip_prefix("cargo run --example tls --features tls -- ") {
            running = None;
            running.replace(start("tls", arguments, &folder));
        } else if line.starts_with("openssl ") {
            run(line, &folder);
        } else if line.starts_with("curl ") {
            let port = running.as_ref().expect("it runs").1;
            let line = line.replace("localhost:9090", &format!("localhost:{port}"));
            let resolve = format!("curl --resolve localhost:{port}:127.0.0.1 ");
            answers.push(run(&line.replacen("curl ", &resolve, 1), &folder));
        }
    }
    let [index, whoami] = &answers[..] else { panic!("two questions: {answers:?}") };
    assert_eq!(index, "Nobody has read this on its way.\n");
    assert!(whoami.starts_with("You are CN=localhost ("), "{whoami}");
    fs::remove_dir_all(&folder).expect("it was ours");
}

#[test]
fn the_arena_speaks_tls_with_a_certificate() {
    let folder = folder("arena");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tls.rs");
    let source = fs::read_to_string(source).expect("there is a lesson");
    let openssl =
        source.lines().find_map(|line| line.strip_prefix("//! ").filter(|line| line.starts_with("openssl ")));
    run(openssl.expect("it makes a certificate"), &folder);
    // What it serves where nothing else is said.
    fs::create_dir(folder.join("examples")).expect("ours");
    let (running, port) = start("arena", "--port PORT --tls-cert cert.pem --tls-key key.pem", &folder);
    let curl = format!(
        "curl --silent --show-error --cacert cert.pem --resolve localhost:{port}:127.0.0.1 https://localhost:{port}"
    );
    assert_eq!(run(&format!("{curl}/plaintext"), &folder), "Hello, World!");
    for how in ["", "-H transfer-encoding:chunked "] {
        let upload = curl.replacen("curl ", &format!("curl {how}--data-binary @cert.pem "), 1);
        let size = fs::metadata(folder.join("cert.pem")).expect("it was made").len();
        assert_eq!(run(&format!("{upload}/upload"), &folder), size.to_string(), "{how}");
    }
    drop(running);
    fs::remove_dir_all(&folder).expect("it was ours");
}
