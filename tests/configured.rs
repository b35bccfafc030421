//! Settings from files, the environment and arguments: what they set, which of them wins, and what is said of a layer that cannot be read.

mod said;
mod scratch;

use std::ffi::OsString;
use std::fs;

use said::Said;
use scratch::Scratch;
use vernal::test::Client;
use vernal::{App, Compression, Config, Limits, Settings, Text, request_map, server};

#[request_map("/echo", method = "POST")]
fn echo(text: Text<String>) -> String {
    text.0
}

#[request_map("/text")]
fn text() -> String {
    "a text that is long enough to be compressed ".repeat(99)
}

/// What is said when an application with these settings is built; empty if it starts.
fn said(settings: Settings) -> String {
    said_of(Config::new().settings(settings))
}

fn said_of(config: Config) -> String {
    App::from_registry(config).err().map(|error| error.to_string()).unwrap_or_default()
}

/// The largest body that is taken, of a few.
async fn largest(config: impl FnOnce(vernal::test::ClientBuilder) -> vernal::test::ClientBuilder) -> usize {
    let client = config(Client::builder()).build();
    for size in [1, 2, 3, 4, 5, 6] {
        if client.post("/echo").body("x".repeat(size)).await.status() == 413 {
            return size - 1;
        }
    }
    usize::MAX
}

#[tokio::test]
async fn later_layers_win() {
    let scratch = Scratch::new();
    let size = |bytes: u32| format!("[limits]\nbody_size = {bytes}\nparts = 7\n");
    scratch.write("vernal.toml", size(1));
    scratch.write("vernal.prod.toml", size(2));
    scratch.write("more.toml", size(3));
    let settings = || Settings::new().directory(scratch.path());
    let nothing: [(&str, &str); 0] = [];
    let variable = [("VERNAL__LIMITS__BODY_SIZE", "4")];
    let table = [
        (settings().environment(nothing), 1),
        (settings().environment([("VERNAL_PROFILE", "prod")]), 2),
        (settings().environment([("VERNAL_PROFILE", "")]), 1),
        (settings().environment(nothing).profile("prod"), 2),
        (settings().environment([("VERNAL_PROFILE", "none")]).profile("prod"), 2),
        (settings().environment(nothing).profile("prod").file(scratch.path().join("more.toml")), 3),
        (settings().environment(variable).profile("prod").file(scratch.path().join("more.toml")), 4),
        (
            settings().environment(variable).arguments(["shop", "--limits.body_size=5B", "--verbose", "x=y"]),
            5,
        ),
        (settings().environment(nothing).arguments(["shop", "--", "--limits.body_size=5B"]), 1),
        (Settings::toml("[limits]\nbody_size = '3 B'"), 3),
        (Settings::toml("").environment(variable), 4),
    ];
    for (at, (settings, expected)) in table.into_iter().enumerate() {
        assert_eq!(largest(|client| client.settings(settings)).await, expected, "row {at}");
    }
}

#[tokio::test]
async fn what_the_program_sets_wins_before_and_after() {
    let settings =
        || Settings::toml("[limits]\nbody_size = 2\n[compression]\ngzip = 6\n[server]\nserver_name = 'file'");
    let limits = Limits::new().body_size(4);
    assert_eq!(largest(|client| client.settings(settings())).await, 2);
    assert_eq!(largest(|client| client.settings(settings()).limits(limits.clone())).await, 4);
    assert_eq!(largest(|client| client.limits(limits).settings(settings())).await, 4);
    let builder = || Client::builder().settings(settings());
    let min_size = Compression::gzip(6).min_size(1 << 20);
    let table = [
        (builder(), Some("gzip"), Some("file")),
        (builder().compression(min_size), None, Some("file")),
        (builder().server_name(None), Some("gzip"), None),
        (builder().server_name(Some("code")), Some("gzip"), Some("code")),
        (Client::builder(), None, Some("vernal")),
    ];
    for (builder, coding, name) in table {
        let answer = builder.build().get("/text").header("accept-encoding", "gzip").await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert_eq!(answer.header("server"), name);
    }
}

#[test]
fn settings_that_are_not_looked_at_are_told() {
    let said = Said::default();
    let _subscriber = tracing::subscriber::set_default(said.clone());
    let settings = || {
        Settings::toml(
            "[limits]\nparts = 1\nbody_size = 3\n[session]\npath = '/'\n[server]\nsniffing = false",
        )
        .environment([("VERNAL_LIMITS_PARTS", "3"), ("VERNAL__LIMITS__URI_LENGTH", "100")])
    };
    App::from_registry(Config::new().settings(settings()).limits(Limits::new()).sniffing(true))
        .expect("it starts");
    let replaced = said.with("not looked at");
    assert_eq!(
        replaced,
        [
            "WARN `limits.parts` (Settings::toml:2:9), `limits.body_size` (Settings::toml:3:13), `limits.uri_length` (the variable \
             VERNAL__LIMITS__URI_LENGTH) are not looked at, since the program calls `limits(…)`, which sets all of them"
        ]
    );
    let doubtful = said.with("VERNAL_LIMITS_PARTS");
    assert_eq!(
        doubtful,
        [
            "WARN the variable VERNAL_LIMITS_PARTS is no setting: if it is meant as one, call it VERNAL__LIMITS__PARTS"
        ]
    );
    assert_eq!(said.with("settings from"), ["INFO settings from the environment"]);
}

#[test]
fn a_server_takes_its_own_section() {
    let settings = Settings::toml("[server]\nport = 0\nthreads = 2\ngrace = '1s'\n");
    let bound =
        server::new().settings(settings).host("127.0.0.1").handle_signals(false).bind().expect("a free port");
    assert_ne!(bound.local_addr().port(), 9090);
    let text = "[server]\nhost = '127.0.0.1'\nlisten = ['127.0.0.1:0', '127.0.0.1:0']\n";
    let listening = server::new()
        .settings(Settings::toml(text))
        .port(0)
        .handle_signals(false)
        .bind()
        .expect("free ports");
    assert_eq!(listening.local_addrs().count(), 3);
    // Who names addresses in the program listens on these alone.
    let alone =
        server::new().settings(Settings::toml(text)).listen("127.0.0.1:0").handle_signals(false).bind();
    assert_eq!(alone.expect("a free port").local_addrs().count(), 1);
    let short = Settings::toml("").environment([("VERNAL_PORT", "0"), ("VERNAL_HOST", "127.0.0.1")]);
    let bound = server::new().settings(short).handle_signals(false).bind().expect("a free port");
    assert!(bound.local_addr().ip().is_loopback());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address");
    for address in ["127.0.0.1:0".to_owned(), taken.to_string()] {
        let refused = Settings::toml("[server]\nport = 'x'\n[log]\nlevel = 'loud'");
        let refused = server::new().settings(refused).listen(&address).bind();
        let text = refused.err().expect("it does not start").to_string();
        assert!(text.contains("Settings::toml:2:8: `server.port`"), "{text}");
        assert!(text.contains("Settings::toml:4:9: `log.level`: \"loud\" is no level"), "{text}");
        assert_eq!(text.contains("the port is taken"), address == taken.to_string(), "{text}");
    }
}

#[test]
fn a_port_that_is_taken_is_told_where_it_was_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let host = "[server]\nhost = '127.0.0.1'\n";
    let argument = || [format!("--server.port={port}")];
    let in_file = format!("{host}port = {port}");
    let variable = [("VERNAL_PORT", port.to_string())];
    let cannot = format!(
        "cannot listen on 127.0.0.1:{port}: the port is taken. Stop the other program, or choose another port"
    );
    let by_setting = format!("{cannot}: `server.port` of the settings or `server::new().port(…)`");
    let table = [
        (
            Settings::toml(host).arguments(argument()),
            None,
            format!("the argument --server.port: `server.port`: {cannot} there"),
        ),
        (Settings::toml(in_file), None, format!("Settings::toml:3:8: `server.port`: {cannot} there")),
        (
            Settings::toml(host).environment(variable),
            None,
            format!("the variable VERNAL_PORT: `server.port`: {cannot} there"),
        ),
        (Settings::toml(host), Some(port), by_setting),
        (
            Settings::toml("[server]\nport = 0\nhost = '192.0.2.1'"),
            None,
            "Settings::toml:3:8: `server.host`: cannot".to_owned(),
        ),
    ];
    for (settings, own, expected) in table {
        let server = server::new().settings(settings).handle_signals(false);
        let server = match own {
            Some(port) => server.port(port),
            None => server,
        };
        let text = server.bind().err().expect("it does not start").to_string();
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn a_variable_says_all_kinds_of_values() {
    let table = [
        ("VERNAL__LIMITS__BODY_SIZE", "10 MiB", ""),
        ("VERNAL__LIMITS__IDLE_TIME", "30s", ""),
        ("VERNAL__SERVER__UNIX_MODE", "0o660", ""),
        ("VERNAL__SERVER__FAVICON", "false", ""),
        ("VERNAL__SERVER__SERVER_NAME", "false", ""),
        ("VERNAL__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, unix", ""),
        ("VERNAL__SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"unix\"]", ""),
        ("VERNAL__COMPRESSION", "true", ""),
        ("VERNAL__COMPRESSION__GZIP", "9", ""),
        ("VERNAL__WEBSOCKET__DEFLATE__LEVEL", "3", ""),
        (
            "VERNAL__SERVER__TRUSTED_PROXIES",
            "10.0.0.0/8,nobody",
            "the variable VERNAL__SERVER__TRUSTED_PROXIES: ",
        ),
        ("VERNAL__SERVER__PORT", "", "`server.port`: expected a whole number from 0 to 65535, found \"\""),
        (
            "VERNAL__SERVER",
            "x",
            "the variable VERNAL__SERVER: `server`: expected a section [server], found \"x\"",
        ),
        ("VERNAL__", "x", "a name is missing"),
        ("VERNAL__SERVER____PORT", "1", "a name is missing in `server..port`"),
        ("vernal__server__port", "x", ""),
        ("VERNAL_SERVER_PORT", "x", ""),
        ("VERNAL_SOMETHING", "x", ""),
    ];
    for (name, value, expected) in table {
        let said = said(Settings::toml("").environment([(name, value)]));
        assert_eq!(said.is_empty(), expected.is_empty(), "{name}={value}: {said}");
        assert!(said.contains(expected), "{name}={value}: {said}");
    }
    let twice = Settings::toml("").environment([("VERNAL_PORT", "1"), ("VERNAL__SERVER__PORT", "1")]);
    assert!(said(twice).contains("`server.port` is set by the variable VERNAL_PORT too: keep one of them"));
}

/// As Kubernetes sets them for each service of the namespace, and Docker for a container that is linked.
#[test]
fn variables_of_a_service_that_is_called_as_we_are_change_nothing() {
    let of_service = |service: &str| {
        let name = |end: &str| format!("{service}{end}");
        vec![
            (name("_SERVICE_HOST"), "10.0.0.11"),
            (name("_SERVICE_PORT"), "80"),
            (name("_SERVICE_PORT_HTTP"), "80"),
            (name("_PORT"), "tcp://10.0.0.11:80"),
            (name("_PORT_80_TCP"), "tcp://10.0.0.11:80"),
            (name("_PORT_80_TCP_PROTO"), "tcp"),
            (name("_PORT_80_TCP_PORT"), "80"),
            (name("_PORT_80_TCP_ADDR"), "10.0.0.11"),
        ]
    };
    let with = |mut variables: Vec<(String, &'static str)>, name: &str, value| {
        variables.push((name.to_owned(), value));
        variables
    };
    let linked = "the variable VERNAL_PORT is \"tcp://10.0.0.11:80\", as Kubernetes and Docker set it for a service of that name";
    // The variables, what is told in the log, and the error.
    let table = [
        (of_service("VERNAL"), linked, ""),
        (vec![("VERNAL_PORT".to_owned(), "tcp://10.0.0.11:80")], linked, ""),
        (of_service("VERNAL_SERVER"), "", ""),
        (of_service("VERNAL__SERVER"), "", ""),
        (of_service("VERNAL__LIMITS"), "", ""),
        (of_service("VERNAL_HOST"), "", ""),
        (with(of_service("VERNAL"), "VERNAL__SERVER__PORT", "x"), linked, "`server.port`: expected a whole"),
        (with(of_service("VERNAL__SERVER"), "VERNAL__SERVER__PORT", "x"), "", "`server.port`: expected a"),
        // What nobody else would have set is a mistake as ever.
        (vec![("VERNAL__SERVER_PORT".to_owned(), "tcp://10.0.0.11:80")], "", "`server_port`"),
        (vec![("VERNAL_PORT".to_owned(), "10.0.0.11:80")], "", "`server.port`: expected a whole number"),
        (
            vec![
                ("VERNAL__LIMITS__SERVICE_HOST".to_owned(), "a"),
                ("VERNAL__LIMITS__SERVICE_PORT".to_owned(), "1"),
            ],
            "",
            "`limits.service_host`",
        ),
    ];
    for (variables, line, expected) in table {
        let log = Said::default();
        let _subscriber = tracing::subscriber::set_default(log.clone());
        let said = said(Settings::toml("").environment(variables.clone()));
        assert_eq!(said.is_empty(), expected.is_empty(), "{variables:?}: {said}");
        assert!(said.contains(expected), "{variables:?}: {said}");
        let lines = log.with("the variable ");
        let is_told = lines.iter().any(|line| line.contains(linked));
        assert_eq!(is_told, !line.is_empty(), "{variables:?}: {lines:?}");
        assert!(lines.len() <= 1, "{lines:?}");
    }
}

#[test]
fn how_deep_a_setting_lies_is_bounded() {
    let deep = |count: usize, between: &str| vec!["a"; count].join(between);
    let no_arguments: [String; 0] = [];
    let nothing: [(String, &str); 0] = [];
    let table = [
        (80, "there is no section `a`"),
        (81, "a setting of 81 names is given, and 80 are the most: `a.a.a."),
        (20_001, "a setting of 20001 names is given, and 80 are the most: `a.a.a."),
    ];
    for (count, expected) in table {
        let argument =
            Settings::toml("").environment(nothing.clone()).arguments([format!("--{}=1", deep(count, "."))]);
        let variable = Settings::toml("")
            .environment([(format!("VERNAL__{}", deep(count, "__")), "1")])
            .arguments(no_arguments.clone());
        for settings in [argument, variable] {
            let said = said(settings);
            assert!(said.contains(expected) && said.len() < 600, "{count}: {said:.600}");
        }
    }
    // In files TOML's reader bounds it, each in its way.
    let texts = [
        format!("{} = 1", deep(20_001, ".")),
        format!("[{}]\nb = 1", deep(20_001, ".")),
        format!("a = {}1{}", "[".repeat(20_001), "]".repeat(20_001)),
        format!("a = {}1{}", "{b = ".repeat(20_001), "}".repeat(20_001)),
    ];
    for text in texts {
        let said = said(Settings::toml(&text));
        assert!(said.contains("Settings::toml:1:") && said.len() < 2_000, "{text:.40}: {said:.600}");
        let value = text.trim_start_matches("a = ");
        let said = self::said(Settings::toml("").environment([("VERNAL__SERVER__LISTEN", value)]));
        assert!(said.len() < 600, "{said:.600}");
    }
}

/// Words that settings are made of, in any order, are settings or mistakes.
#[test]
fn no_text_of_settings_panics() {
    const WORDS: &[&str] = &[
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "#",
        "\"",
        "'",
        "'''",
        "\"\"\"",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\u{feff}",
        "\0",
        "\\u",
        "\\",
        "limits",
        "body_size",
        "server",
        "port",
        "listen",
        "websocket",
        "deflate",
        "resources",
        "tls",
        "certificate_for",
        "\"*.x\"",
        "session",
        "\"/a/**\"",
        "content_type",
        "compression",
        "actuator",
        "access_log",
        "log",
        "level",
        "own",
        "1979-05-27T07:32:00Z",
        "07:32",
        "0x",
        "0xffffffffffffffffffffff",
        "1e999",
        "nan",
        "inf",
        "-",
        "+",
        "1_000",
        "1__0",
        "true",
        "false",
        "\u{202e}",
        "\u{1f600}",
        "'10 MiB'",
        "'1s'",
        "'99999999999999999999h'",
        "'1e9s'",
    ];
    const NAMES: &[&str] = &[
        "VERNAL__SERVER__LISTEN",
        "VERNAL__LIMITS__BODY_SIZE",
        "VERNAL__LIMITS__IDLE_TIME",
        "VERNAL__RESOURCES",
        "VERNAL__TLS",
    ];
    let word = proptest::sample::select(WORDS);
    let texts = proptest::collection::vec(word, 0..24);
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        cases: 500,
        failure_persistence: None,
        ..Default::default()
    });
    let run = runner.run(&texts, |words| {
        let text = words.concat();
        said(Settings::toml(&text));
        let value = words.join(" ");
        for name in NAMES {
            said(Settings::toml("").environment([(*name, &*value)]));
        }
        said(Settings::toml("").arguments([format!("--{text}"), format!("--limits.parts={value}")]));
        Ok(())
    });
    run.expect("no text panics");
}

#[cfg(unix)]
fn make_pipe(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("there is a mkfifo");
    assert!(made.success());
}

/// Whoever waits for a pipe is told so, and one that has a writer is a file as others.
#[cfg(unix)]
#[test]
fn a_pipe_is_waited_for_and_told() {
    let scratch = Scratch::new();
    let path = scratch.path().join("pipe.toml");
    make_pipe(&path);
    let log = Said::default();
    let _subscriber = tracing::subscriber::set_default(log.clone());
    let writer = std::thread::spawn({
        let path = path.clone();
        move || fs::write(path, "[limits]\nparts = 'x'\n").expect("a reader")
    });
    let nothing: [(&str, &str); 0] = [];
    let said = said(Settings::toml("").environment(nothing).file(&path));
    writer.join().expect("it wrote");
    assert!(said.contains("pipe.toml:2:9: `limits.parts`"), "{said}");
    assert_eq!(log.with("is a pipe: the settings are waited for").len(), 1);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_told() {
    use std::os::unix::ffi::OsStringExt;

    let value = OsString::from_vec(vec![b'1', 0xff]);
    let said = said(Settings::toml("").environment([(OsString::from("VERNAL__SERVER__PORT"), value)]));
    assert!(said.contains("the variable VERNAL__SERVER__PORT: the value is not UTF-8"), "{said}");
}

#[test]
fn a_file_that_is_no_good_is_told() {
    type Make = fn(&Scratch);
    let table: &[(&str, Make, &str)] = &[
        ("empty", |scratch| drop(scratch.write("vernal.toml", "")), ""),
        ("only a comment", |scratch| drop(scratch.write("vernal.toml", "# nothing\n")), ""),
        ("Windows", |scratch| drop(scratch.write("vernal.toml", "[server]\r\nsniffing = true\r\n")), ""),
        ("BOM", |scratch| drop(scratch.write("vernal.toml", "\u{feff}[server]\nsniffing = true\n")), ""),
        (
            "BOM and mistake",
            |scratch| drop(scratch.write("vernal.toml", "\u{feff}[server]\nsniffing = 1\n")),
            "vernal.toml:2:12: `server.sniffing`",
        ),
        ("missing", |_| {}, ""),
        (
            "half written",
            |scratch| drop(scratch.write("vernal.toml", "[limits]\nbody_size = \"10 M")),
            "vernal.toml:2:",
        ),
        ("half a name", |scratch| drop(scratch.write("vernal.toml", "[limits]\nbody_si")), "vernal.toml:2:"),
        (
            "twice",
            |scratch| drop(scratch.write("vernal.toml", "[limits]\nparts = 1\nbody_size = 3\nparts = 2\n")),
            "vernal.toml:4:1: `parts` is set here a second time: keep one of them",
        ),
        (
            "section twice",
            |scratch| {
                drop(scratch.write("vernal.toml", "[limits]\nparts = 1\n[server]\n[limits]\nbody_size = 3\n"))
            },
            "vernal.toml:4:2: `limits` is set here a second time: keep one of them",
        ),
        (
            "not UTF-8",
            |scratch| {
                fs::write(scratch.path().join("vernal.toml"), b"[server]\nhost = '\xfc'").expect("a file")
            },
            "vernal.toml:2: the file is not UTF-8: save it as UTF-8",
        ),
        (
            "UTF-16",
            |scratch| fs::write(scratch.path().join("vernal.toml"), b"\xff\xfe[\0s\0]\0").expect("a file"),
            "vernal.toml:1: the file is not UTF-8",
        ),
        (
            "huge",
            |scratch| drop(scratch.write("vernal.toml", "# much too much\n".repeat(1 << 17))),
            "the file is larger than 1 MiB, which are no settings",
        ),
        (
            "a directory",
            |scratch| fs::create_dir(scratch.path().join("vernal.toml")).expect("a directory"),
            "vernal.toml: this is a directory: name the file in it",
        ),
        #[cfg(unix)]
        (
            "a link to nothing",
            |scratch| {
                let link = scratch.path().join("vernal.toml");
                std::os::unix::fs::symlink("no-such.toml", link).expect("a link");
            },
            "vernal.toml: this is a link to no-such.toml, which is not there: mend or remove it",
        ),
        #[cfg(unix)]
        (
            "a pipe",
            |scratch| make_pipe(&scratch.path().join("vernal.toml")),
            "vernal.toml: this is no regular file: put one here, or name it with `Settings::file`",
        ),
    ];
    let nothing: [(&str, &str); 0] = [];
    for &(name, make, expected) in table {
        let scratch = Scratch::new();
        make(&scratch);
        let said = said(Settings::new().directory(scratch.path()).environment(nothing));
        assert_eq!(said.is_empty(), expected.is_empty(), "{name}: {said}");
        assert!(said.contains(expected), "{name}: {said}");
        assert!(!said.contains("10 M"), "what stands in a file that cannot be read may be secret: {said}");
    }
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let scratch = Scratch::new();
    scratch.write("vernal.prod.toml", "");
    scratch.write("vernal.toml", "");
    let nothing: [(&str, &str); 0] = [];
    let settings = || Settings::new().directory(scratch.path()).environment(nothing);
    let table = [
        (settings().file(scratch.path().join("no.toml")), "no.toml: there is no such file"),
        (settings().file("no-such.toml"), "no-such.toml: there is no such file, looked for from /"),
        (settings().directory(scratch.path().join("no")), "no: there is no such directory"),
        (settings().profile("prdo"), "the profile `prdo` has no file "),
        (settings().profile("prdo"), "vernal.prdo.toml: did you mean `prod`?"),
        (settings().profile("testing"), "there are prod"),
        (settings().profile("../prod"), "`../prod` is no name of a profile"),
        (settings().environment([("VERNAL_PROFILE", "prdo")]), "did you mean `prod`?"),
        #[cfg(target_os = "linux")]
        (settings().file("/proc/self/mem"), "/proc/self/mem: the settings cannot be read: "),
        #[cfg(target_os = "linux")]
        (settings().file("/dev/zero"), "/dev/zero: the file is larger than 1 MiB"),
    ];
    for (settings, expected) in table {
        let said = said(settings);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

/// What of the environment turns a section on or off, or is no TOML though it begins so.
#[test]
fn variables_switch_sections_and_say_why_they_are_no_lists() {
    let table = [
        (
            "[compression]\ngzip = 12",
            "VERNAL__COMPRESSION",
            "true",
            "Settings::toml:2:8: `compression.gzip`: expected",
        ),
        ("[compression]\ngzip = 12", "VERNAL__COMPRESSION", "false", ""),
        (
            "compression = true",
            "VERNAL__COMPRESSION__GZIP",
            "12",
            "`compression.gzip`: expected a whole number",
        ),
        (
            "",
            "VERNAL__COMPRESSION",
            "yes",
            "the variable VERNAL__COMPRESSION: `compression`: expected `true`, `false` or a section [compression], found \"yes\": its settings have variables of their own, `VERNAL__COMPRESSION__…`",
        ),
        ("", "VERNAL__LIMITS", "{parts=3}", "its settings have variables of their own, `VERNAL__LIMITS__…`"),
        (
            "",
            "VERNAL__SERVER__LISTEN",
            "[1,2",
            "the variable VERNAL__SERVER__LISTEN: `server.listen`: expected a list of texts such as [\"one\", \"other\"], found \"[1,2\", which begins as a list of TOML and is none, since ",
        ),
        ("", "VERNAL__SERVER__LISTEN", "[1,2", ": write `[\"one\", \"other\"]` or `one, other`"),
        (
            "",
            "VERNAL__SERVER__TRUSTED_PROXIES",
            "unix,x",
            "the variable VERNAL__SERVER__TRUSTED_PROXIES: `server.trusted_proxies[1]`: \"x\" is no network",
        ),
        (
            "",
            "VERNAL__PORT",
            "30",
            "the variable VERNAL__PORT: there is no setting `port`: write `VERNAL__SERVER__PORT` or `VERNAL__ACTUATOR__PORT`",
        ),
        (
            "",
            "VERNAL__LIMITS__IDLE_TIME",
            "0s",
            "the variable VERNAL__LIMITS__IDLE_TIME: `limits.idle_time`: expected",
        ),
        (
            "",
            "VERNAL__SESSION__COOKIE_NAME",
            "a b",
            "the variable VERNAL__SESSION__COOKIE_NAME: `session.cookie_name`: the cookie",
        ),
        (
            "",
            "VERNAL__ACCESS_LOG__FILE",
            "/no/such/file",
            "the variable VERNAL__ACCESS_LOG__FILE: `access_log.file`: the access log",
        ),
    ];
    for (text, name, value, expected) in table {
        let said = said(Settings::toml(text).environment([(name, value)]));
        assert_eq!(said.is_empty(), expected.is_empty(), "{text} {name}={value}: {said}");
        assert!(said.contains(expected) && !said.contains("problems:"), "{text} {name}={value}: {said}");
    }
    let text = "[compression]\nmin_size = '1 MiB'";
    let levels = |log: &Said| log.with("not looked at");
    for (name, value, expected) in [
        ("VERNAL__COMPRESSION", "true", "WARN `compression.min_size` (Settings::toml:2:12) is not looked at"),
        ("VERNAL__COMPRESSION", "false", ""),
    ] {
        let log = Said::default();
        let _subscriber = tracing::subscriber::set_default(log.clone());
        let settings = Settings::toml(text).environment([(name, value)]);
        App::from_registry(Config::new().settings(settings).compression(Compression::gzip(1)))
            .expect("it starts");
        let told = levels(&log);
        assert_eq!(told.len(), usize::from(!expected.is_empty()), "{told:?}");
        assert!(told.iter().all(|told| told.starts_with(expected)), "{told:?}");
    }
    let log = Said::default();
    let _subscriber = tracing::subscriber::set_default(log.clone());
    App::from_registry(
        Config::new().settings(Settings::toml("compression = true")).compression(Compression::gzip(1)),
    )
    .expect("it starts");
    assert!(
        levels(&log)[0].contains("`compression` (Settings::toml:1:15) is not looked at"),
        "{:?}",
        levels(&log)
    );
}

/// A section that is turned on for this run keeps what the file says of it.
#[tokio::test]
async fn what_turns_a_section_on_keeps_its_settings() {
    let text = "[compression]\nmin_size = '1 MiB'\n";
    for (variable, coding) in [(None, None), (Some("true"), None), (Some("false"), None)] {
        let variables = variable.map(|value| ("VERNAL__COMPRESSION", value));
        let settings = Settings::toml(text).environment(variables);
        let client = Client::builder().settings(settings).build();
        let answer = client.get("/text").header("accept-encoding", "gzip").await;
        assert_eq!(answer.header("content-encoding"), coding, "{variable:?}");
    }
    let nothing = Settings::toml("").environment([("VERNAL__COMPRESSION", "true")]);
    let answer = Client::builder().settings(nothing).build();
    let answer = answer.get("/text").header("accept-encoding", "gzip").await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
}
