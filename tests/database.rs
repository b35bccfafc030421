//! The example with a database, on SQLite and on a PostgreSQL that is started here: its pool is made and closed as components are. It is
//! a workspace of its own, which is built first.

#![cfg(unix)]

mod apart;
mod scratch;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use scratch::Scratch;

#[test]
fn a_shop_keeps_its_orders_in_sqlite() {
    let scratch = Scratch::new();
    keeps_its_orders("sqlite://shop.db?mode=rwc", scratch.path());
}

#[test]
fn a_shop_keeps_its_orders_in_postgresql() {
    let scratch = Scratch::new();
    let server = Postgres::start();
    keeps_its_orders(&server.url(), scratch.path());
    let shop = Shop::start(&server.url(), scratch.path());
    assert_eq!(shop.health(), (200, "UP".to_owned()));
    server.stop();
    // What was said holds for half a second.
    let deadline = Instant::now() + Duration::from_secs(60);
    while shop.health() != (503, "DOWN".to_owned()) {
        assert!(Instant::now() < deadline, "the database is gone, and nobody says so");
        std::thread::yield_now();
    }
}

fn keeps_its_orders(url: &str, directory: &Path) {
    let shop = Shop::start(url, directory);
    assert_eq!(shop.ask("GET", "/orders", ""), (200, "[]".to_owned()));
    assert_eq!(shop.ask("POST", "/orders", "item=tea&pieces=3"), (201, "ordered".to_owned()));
    assert_eq!(shop.ask("POST", "/orders", "item=%27)%3B--&pieces=100"), (201, "ordered".to_owned()));
    assert_eq!(shop.ask("POST", "/orders", "item=tea&pieces=101").0, 400);
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let port = shop.port;
            std::thread::spawn(move || ask(port, "POST", "/orders", "item=z&pieces=1").0)
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().expect("no panic") == 201));
    assert_eq!(shop.health(), (200, "UP".to_owned()));
    let (is_good, said) = shop.stop();
    assert!(is_good, "{said}");
    // What was ordered is still there.
    let shop = Shop::start(url, directory);
    let (status, orders) = shop.ask("GET", "/orders", "");
    assert_eq!(status, 200);
    assert!(
        orders.starts_with(r#"[{"item":"');--","pieces":100},{"item":"tea","pieces":3},{"item":"z""#),
        "{orders}"
    );
    assert_eq!(orders.matches("\"z\"").count(), 8);
    assert!(shop.stop().0);
}

#[test]
fn a_database_that_is_not_there_is_told_at_the_start() {
    let scratch = Scratch::new();
    let table = [
        ("sqlite://no/such/folder/shop.db", "the component `pool` at src/main.rs:"),
        ("postgres://shop:hunter2@127.0.0.1:1/shop", "the component `pool` at src/main.rs:"),
        ("cloud://hunter2", "the component `pool` at src/main.rs:"),
    ];
    for (url, expected) in table {
        let output = command(url, scratch.path()).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{url}: {said}");
        assert!(said.contains(expected) && said.contains(" cannot be made: "), "{url}: {said}");
        assert!(!said.contains("hunter2"), "{url}: {said}");
    }
}

/// The example while it runs.
struct Shop {
    child: Child,
    said: BufReader<ChildStderr>,
    port: u16,
    /// Its actuator's.
    health_port: u16,
}

fn command(url: &str, directory: &Path) -> Command {
    let mut command = Command::new(program());
    command.env("VERNAL__DATABASE__URL", url).env("VERNAL_HOST", "127.0.0.1").env("VERNAL_PORT", "0");
    command.env("VERNAL__ACTUATOR__PORT", "0");
    command.current_dir(directory).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

impl Shop {
    fn start(url: &str, directory: &Path) -> Shop {
        let mut child = command(url, directory).spawn().expect("it starts");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut shop = Shop { child, said, port: 0, health_port: 0 };
        let mut all = String::new();
        while shop.port == 0 {
            let begin = all.len();
            assert!(shop.said.read_line(&mut all).expect("text") > 0, "it ends before it listens:\n{all}");
            let mut ports = all[begin..].split("http://127.0.0.1:").skip(1).map(|rest| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().expect("a port")
            });
            if let (Some(port), Some(last)) = (ports.next(), ports.last()) {
                (shop.port, shop.health_port) = (port, last);
            }
        }
        shop
    }

    fn ask(&self, method: &str, path: &str, form: &str) -> (u16, String) {
        ask(self.port, method, path, form)
    }

    /// The status of the answer, and what it says of the database.
    fn health(&self) -> (u16, String) {
        let (status, body) = ask(self.health_port, "GET", "/actuator/health/ready", "");
        let of_database = body.split_once(r#""database":"#).map_or("", |(_, of)| of);
        let state = ["UP", "DOWN"].into_iter().find(|state| of_database.contains(&format!("\"{state}\"")));
        (status, state.map_or(body.clone(), str::to_owned))
    }

    /// Whether it ended well, and what it has said.
    fn stop(mut self) -> (bool, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        let mut said = String::new();
        self.said.read_to_string(&mut said).expect("text");
        (self.child.wait().expect("it is our child").success(), said)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(port: u16, method: &str, path: &str, form: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let length = form.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {length}\r\n\r\n{form}"
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    (status, body.to_owned())
}

/// The example, built once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| apart::built("database"))
}

/// A server of its own, with its data in a directory that goes with it.
struct Postgres {
    scratch: Scratch,
    programs: PathBuf,
    /// Whom it runs as: it refuses to be the superuser's.
    user: Option<(u32, u32)>,
}

impl Postgres {
    fn start() -> Postgres {
        let number = |option: &str, of: &[&str]| {
            let output = Command::new("id").arg(option).args(of).output().expect("id");
            String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().ok()
        };
        let user = (number("-u", &[]) == Some(0)).then(|| {
            let id = |option| number(option, &["postgres"]).expect("the user `postgres` of the package");
            (id("-u"), id("-g"))
        });
        let server = Postgres { scratch: Scratch::new(), programs: programs(), user };
        let data = server.scratch.path().join("data");
        fs::create_dir(&data).expect("a place for a directory");
        if let Some((user, group)) = user {
            for path in [server.scratch.path(), &data] {
                std::os::unix::fs::chown(path, Some(user), Some(group)).expect("the superuser may");
            }
        }
        server.run(
            "initdb",
            &["--auth=trust", "--username=shop", "--no-sync", "--encoding=UTF8", "--locale=C"],
        );
        let options = format!("-h '' -k {} -c fsync=off", server.scratch.path().display());
        let log = server.scratch.path().join("log");
        server.run("pg_ctl", &["--wait", "--log", &log.to_string_lossy(), "--options", &options, "start"]);
        server
    }

    fn url(&self) -> String {
        format!("postgres://shop@localhost/postgres?host={}", self.scratch.path().display())
    }

    fn stop(&self) {
        self.output("pg_ctl", &["--wait", "--mode=immediate", "stop"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.output(program, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {said}");
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.programs.join(program));
        // What stays in the background would hold a pipe open.
        let said = fs::File::create(self.scratch.path().join(format!("{program}.said"))).expect("a file");
        command
            .args(arguments)
            .env("PGDATA", self.scratch.path().join("data"))
            .current_dir(self.scratch.path());
        command.stdin(Stdio::null()).stdout(said.try_clone().expect("a file")).stderr(said);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        let status = command.status().unwrap_or_else(|error| panic!("{program}: {error}"));
        let said = fs::read(self.scratch.path().join(format!("{program}.said"))).expect("what it said");
        Output { status, stdout: Vec::new(), stderr: said }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where its programs are: Debian keeps them out of the path.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let of_debian = versions.map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = of_debian.chain(env::split_paths(&path));
    folders
        .find(|folder| folder.join("initdb").exists())
        .expect("this test needs PostgreSQL: install `postgresql`")
}
