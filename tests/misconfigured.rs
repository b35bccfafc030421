//! Settings that are wrong: what is said of each mistake, where it was written, and what to write instead.

mod scratch;

use std::fs;
use std::net::TcpListener;

use scratch::Scratch;
use vernal::{App, Config, Settings, request_map, server};

#[request_map("/text")]
fn text() -> &'static str {
    "a text"
}

/// What is said when an application with these settings is built; empty if it starts.
fn said(settings: Settings) -> String {
    let built = App::from_registry(Config::new().settings(settings));
    built.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn mistakes_are_told_with_place_and_what_to_write() {
    let table = [
        ("", ""),
        (
            "[limits]\nbody_size = '10 MiB'\nidle_time = '1h 30m'\n[websocket]\norigins = 'any'\ndeflate = true",
            "",
        ),
        (
            "[limits]\nbody_sise = 1",
            "Settings::toml:2:1: there is no setting `limits.body_sise`: did you mean `limits.body_size`?",
        ),
        ("[limit]\nbody_size = 1", "Settings::toml:1:2: there is no section `limit`: did you mean `limits`?"),
        (
            "[shop]\nprice = 1",
            "Settings::toml:1:2: there is no section `shop`: a section of your own needs a struct",
        ),
        ("port = 80", "Settings::toml:1:1: there is no setting `port`"),
        ("limits = 3", "Settings::toml:1:10: `limits`: expected a section [limits], found the number 3"),
        (
            "[server]\nport = 70000",
            "Settings::toml:2:8: `server.port`: expected a whole number from 0 to 65535, found the number 70000",
        ),
        ("[server]\nport = '80'", "expected a whole number from 0 to 65535, found the text \"80\""),
        ("[server]\nport = -1", "found the number -1"),
        ("[server]\nport = 99999999999999999999", "found the number"),
        ("[server]\nfavicon = 'yes'", "`server.favicon`: expected `true` or `false`, found the text \"yes\""),
        ("[server]\nthreads = 0", "expected a whole number, 1 or more, found the number 0"),
        ("[server]\nunix_mode = 0o1777", "expected a mode in octal digits such as 0o660"),
        (
            "[server]\nlisten = ':80'",
            "expected a list of texts such as [\"one\", \"other\"], found the text \":80\"",
        ),
        ("[server]\ntrusted_proxies = ['10.0.0.0/33']", "Settings::toml:2:20: `server.trusted_proxies[0]`: "),
        (
            "[server]\ntrusted_proxies = ['10.0.0.0/8']\nproxy_fields = ['X-Real']",
            "Settings::toml:3:17: `server.proxy_fields[0]`: ",
        ),
        (
            "[server]\ndecompress_requests = ['gzip', 'lzma']",
            "`server.decompress_requests`: expected \"none\" or \"by-handlers\"",
        ),
        (
            "[limits]\nbody_size = '10 M'",
            "expected a size such as \"10 MiB\", or a number of bytes, found the text \"10 M\"",
        ),
        (
            "[limits]\nidle_time = 30",
            "Settings::toml:2:13: `limits.idle_time`: expected a time with its unit, such as \"500ms\", \"30s\" or \"1h 30m\", more than zero, found the number 30",
        ),
        ("[limits]\nidle_time = '0'", "expected a time with its unit"),
        ("[limits]\nheader_timeout = '0s'", "more than zero, found the text \"0s\""),
        (
            "[limits]\nconnections = 0",
            "Settings::toml:2:15: `limits.connections`: expected a whole number, 1 or more",
        ),
        ("[session]\nsame_site = 'Lax'", "expected \"strict\", \"lax\" or \"none\", found the text \"Lax\""),
        (
            "[session]\ncookie_name = 'a b'",
            "Settings::toml:2:15: `session.cookie_name`: the cookie of sessions cannot be sent",
        ),
        ("[compression]\ngzip = 10", "`compression.gzip`: expected a whole number from 0 to 9"),
        (
            "[websocket]\norigins = ['App']",
            "Settings::toml:2:12: `websocket.origins[0]`: `App` is not an origin",
        ),
        ("[websocket.deflate]\nlevle = 1", "did you mean `websocket.deflate.level`?"),
        (
            "[websocket]\npong_timeout = '0s'",
            "`websocket.pong_timeout`: no session lives on that may take no time to answer",
        ),
        ("[resources]\n'/x/**' = 3", "expected the name of a directory, or `false`, found the number 3"),
        ("[resources.'/x/**']\nlisting = true", "`resources./x/**.directory`: is missing"),
        ("[resources]\n'/x/**' = 'no-such-directory'", "the resources `/x/**` at Settings::toml:2:11: "),
        ("[tls]\ncertificate = 'c.pem'", "Settings::toml:1:1: `tls.key`: is missing"),
        ("[server]\nsystemd = 3", "expected `true` or `false`, or a text in quotes, found the number 3"),
        ("access_log = true", ""),
        (
            "[access_log]\nform = 'ncsa'",
            "`access_log.form`: expected \"common\", \"combined\" or \"json\", found",
        ),
        ("[access_log]\nfile = '/no/such/file'", "/no/such/file"),
        (
            "[access_log]\nfile = 'a'\nstdout = true",
            "Settings::toml:3:10: `access_log.stdout`: lines go to standard output or to `file`: keep one of them",
        ),
        ("[log]\ncolour = true", "there is no setting `log.colour`: [log] has level"),
    ];
    for (text, expected) in table {
        let said = said(Settings::toml(text));
        assert_eq!(said.is_empty(), expected.is_empty(), "{text}: {said}");
        assert!(said.contains(expected), "{text}: {said}");
    }
    assert!(
        !fs::exists("a").unwrap_or(true),
        "two places for access lines are an error before either is opened"
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let settings = Settings::toml("[server]\nport = 'x'\n[limits]\nparts = true\nbody = 1\n")
        .environment([("VERNAL__SESSION__SECURE", "maybe"), ("VERNAL__SESION__PATH", "/")])
        .arguments(["--log.color=1", "--limits.parts", "--limits.head_size=none"]);
    let said = said(settings);
    let expected = "500 Internal Server Error: the argument --limits.parts: there is no value: write `--limits.parts=…`, in one word";
    assert_eq!(said, expected, "what cannot be read is told first");
    let settings = Settings::toml("[server]\nport = 'x'\n[limits]\nparts = true\nbody = 1\n")
        .environment([("VERNAL__SESSION__SECURE", "maybe"), ("VERNAL__SESION__PATH", "/")])
        .arguments(["--log.color=1", "--limits.head_size=none"]);
    let said = self::said(settings);
    for part in [
        "7 problems:",
        "Settings::toml:2:8: `server.port`",
        "Settings::toml:4:9: `limits.parts`: expected a whole number, 1 or more, found `true`",
        "Settings::toml:5:1: there is no setting `limits.body`",
        "the variable VERNAL__SESSION__SECURE: `session.secure`: expected `true` or `false`, found \"maybe\"",
        "the variable VERNAL__SESION__PATH: there is no section `sesion`: did you mean `session`?",
        "the argument --log.color: there is no setting `log.color`",
        "the argument --limits.head_size: `limits.head_size`: expected a size",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// What a table of a later layer lies over is as wrong as without it.
#[test]
fn a_section_of_the_wrong_shape_is_told_whatever_lies_over_it() {
    const LIST: &str = "[[limits]]\nbody_size = 1";
    let limits = "Settings::toml:1:1: `limits`: expected a section [limits], found a list";
    let table = [
        (LIST, "--log.level=info", limits),
        (LIST, "--limits.idle_time=9s", limits),
        (
            "[[server]]\ntrusted_proxies = ['unix']",
            "--server.port=9390",
            "Settings::toml:1:1: `server`: expected a section [server], found a list",
        ),
        (
            "server = 5",
            "--server.port=9390",
            ":1:10: `server`: expected a section [server], found the number 5",
        ),
        ("limits = false", "--limits.parts=1", "`limits`: expected a section [limits], found `false`"),
        (
            "[[websocket.deflate]]\nlevel = 1",
            "--websocket.deflate.level=3",
            "[websocket.deflate], found a list",
        ),
        ("websocket.deflate = false", "--websocket.deflate.level=3", ""),
        ("compression = 5", "--compression.gzip=9", "or a section [compression], found the number 5"),
        ("compression = false", "--compression.gzip=9", ""),
        (
            "resources.x = 5",
            "--resources.x.directory=.",
            "`resources.x`: expected the name of a directory, or `false`, found the number 5",
        ),
        (
            "tls.certificate_for.x = 'c'",
            "--tls.certificate_for.x.key=k",
            "expected a section with `certificate`",
        ),
    ];
    let nothing: [(&str, &str); 0] = [];
    for (text, argument, expected) in table {
        let said = said(Settings::toml(text).environment(nothing).arguments([argument]));
        assert_eq!(said.is_empty(), expected.is_empty(), "{text} {argument}: {said}");
        assert!(said.contains(expected), "{text} {argument}: {said}");
    }
    let variables = [("VERNAL_PORT", "9390"), ("VERNAL__LIMITS__IDLE_TIME", "9s")];
    let said = said(Settings::toml(format!("server = 5\n{LIST}")).environment(variables));
    assert!(
        said.contains("Settings::toml:1:10: `server`") && said.contains("Settings::toml:2:1: `limits`"),
        "{said}"
    );
    // Files lie over one another too.
    let scratch = Scratch::new();
    scratch.write("vernal.toml", LIST);
    scratch.write("vernal.prod.toml", "[limits]\nparts = 7");
    let said = self::said(Settings::new().directory(scratch.path()).environment(nothing).profile("prod"));
    assert!(said.contains("vernal.toml:1:1: `limits`: expected a section [limits], found a list"), "{said}");
}

/// What is said when a server with these settings is bound.
fn said_of_server(settings: Settings) -> String {
    let bound = server::new().port(0).handle_signals(false).settings(settings).bind();
    bound.err().map(|error| error.to_string()).unwrap_or_default()
}

/// With the file and line of the very value, the key, and what to write: nothing in the words of those who write programs.
#[test]
fn a_value_that_is_refused_later_is_told_where_it_was_written() {
    let place = |line: usize, column: usize, key: &str| format!("Settings::toml:{line}:{column}: `{key}`: ");
    let table = [
        (
            "[server]\ntrusted_proxies = [\n 'unix',\n '10.0.0.0/33',\n]",
            place(4, 2, "server.trusted_proxies[1]"),
            "\"10.0.0.0/33\" is no network: write an address",
        ),
        (
            "[server]\ntrusted_proxies = [\n 'unix',\n 3,\n]",
            place(4, 2, "server.trusted_proxies[1]"),
            "expected a text in quotes, found the number 3",
        ),
        (
            "[server]\ntrusted_proxies = ['unix']\nproxy_fields = [\n'X-Real']",
            place(4, 1, "server.proxy_fields[0]"),
            "\"X-Real\" is none of the fields that are read",
        ),
        (
            "[server]\nproxy_fields = ['Forwarded']",
            place(2, 16, "server.proxy_fields"),
            "nobody is trusted to set them: name the proxies, `trusted_proxies = [\"10.0.0.0/8\"]`",
        ),
        (
            "[server]\nlisten = [\n '127.0.0.1:0',\n 'a:b:c',\n]",
            place(4, 2, "server.listen[1]"),
            "cannot listen on \"a:b:c\": an IPv6 address stands in brackets. Write `127.0.0.1:8080`",
        ),
        ("[server]\nhost = 'no host'", place(2, 8, "server.host"), "is no address to listen on"),
        ("[server]\nthreads = 1000000", place(2, 11, "server.threads"), "are the most"),
        (
            "[server]\nwebsocket_stop_code = 1004",
            place(2, 23, "server.websocket_stop_code"),
            "write 1001, 1012, or one of your own from 3000 to 4999",
        ),
        (
            "[server]\nwebsocket_stop_spread = '1h'",
            place(2, 25, "server.websocket_stop_spread"),
            "(server.grace): let the second be longer",
        ),
        ("[server]\nserver_name = \"a\\nb\"", place(2, 15, "server.server_name"), "a control character"),
        (
            "[server]\nupload_directory = '/no/such'",
            place(2, 20, "server.upload_directory"),
            "or name another",
        ),
        ("[server]\napp = 'none'", place(2, 7, "server.app"), "check the name"),
        ("[templates]\ndirectory = '/no/such'", place(2, 13, "templates.directory"), "there is no directory"),
        ("[access_log]\n\nfile = '/no/such/file'", place(3, 8, "access_log.file"), "name a file that this"),
        (
            "[access_log]\nfile = 'a'\nstdout = true",
            place(3, 10, "access_log.stdout"),
            "lines go to standard output or to `file`: keep one of them",
        ),
        (
            "[actuator]\ntimeout = '0s'",
            place(2, 11, "actuator.timeout"),
            "more than zero, found the text \"0s\"",
        ),
        (
            "[actuator]\nport = 0\nat = 'x'",
            place(3, 6, "actuator.at"),
            "\"x\" is no path: write one that begins",
        ),
        ("[actuator]\nhost = '::1'", place(2, 8, "actuator.host"), "write that too, `port = 9091`"),
        (
            "[limits]\nidle_time = '0s'",
            place(2, 13, "limits.idle_time"),
            "more than zero, found the text \"0s\"",
        ),
        (
            "[limits]\nparts = 0",
            place(2, 9, "limits.parts"),
            "expected a whole number, 1 or more, found the number 0",
        ),
        (
            "[limits]\nhead_size = '2 GiB'",
            place(2, 13, "limits.head_size"),
            "1073741824 at most, found the text",
        ),
        (
            "[websocket]\n\npong_timeout = '0s'",
            place(3, 16, "websocket.pong_timeout"),
            "write more, or `ping_period = \"0s\"` too",
        ),
        ("[websocket]\nping_period = '0s'\npong_timeout = '0s'", String::new(), ""),
        (
            "[websocket]\norigins = [\n'https://a.b',\n'App']",
            place(4, 1, "websocket.origins[1]"),
            "write scheme and host, as in `https://app.example.com`",
        ),
        ("[session]\n\ncookie_name = 'a b'", place(3, 15, "session.cookie_name"), "its name must be a token"),
        ("[session]\n\npath = ';'", place(3, 8, "session.path"), "its path holds a semicolon"),
        (
            "[session]\nsame_site = 'none'\nsecure = false",
            place(3, 10, "session.secure"),
            "with `same_site = \"none\"` it needs `secure = true`, else browsers drop it",
        ),
        (
            "[session]\ncookie_name = '__Host-a'",
            place(2, 15, "session.cookie_name"),
            "with this prefix in its name it needs `secure = true`",
        ),
        (
            "[session]\ncookie_name = '__Host-a'\nsecure = true\ndomain = 'a.b'",
            place(3, 10, "session.secure"),
            "needs `path = \"/\"` and no `domain`",
        ),
        (
            "[tls]\n\ncertificate = 'no.pem'\nkey = 'no.key'",
            place(3, 15, "tls.certificate"),
            "the certificate `no.pem` cannot be read",
        ),
        (
            "[tls]\ncertificate = 'c'\nkey = 'k'\nmin_version = '1.3'\nmax_version = '1.2'",
            place(4, 15, "tls.min_version"),
            "no version is left",
        ),
        (
            "[resources.'/x/**']\ndirectory = 'tests'\ncache_control = \"a\\nb\"",
            place(3, 17, "resources./x/**.cache_control"),
            "a control character",
        ),
        ("[resources.'/x/**']\n\ndirectory = 'no/such'", String::new(), "`/x/**` at Settings::toml:3:13: "),
        (
            "port = 80",
            place(1, 1, "port").replace("`port`: ", ""),
            "`port`: write `port` below `[server]` or `port` below `[actuator]`",
        ),
        (
            "body_size = 80",
            String::new(),
            "there is no setting `body_size`: write `body_size` below `[limits]`",
        ),
        ("limtis = 80", String::new(), "there is no setting `limtis`: did you mean `limits`?"),
        (
            "compression = 'yes'",
            place(1, 15, "compression"),
            "expected `true`, `false` or a section [compression], found",
        ),
    ];
    for (text, place, words) in table {
        let said = said_of_server(Settings::toml(text));
        assert_eq!(said.is_empty(), words.is_empty(), "{text}: {said}");
        assert!(said.contains(&place) && said.contains(words), "{text}: {said}");
        assert!(!said.contains("problems:"), "it is told once: {text}: {said}");
        assert_eq!(of_rust(&said), None, "{text}: {said}");
    }
}

/// What stops a server before its application begins hides nothing of the rest.
#[test]
fn mistakes_of_a_server_and_of_an_application_are_told_together() {
    for line in ["threads = 1000000", "websocket_stop_spread = '1h'", "host = 'no host'"] {
        let said = said_of_server(Settings::toml(format!("[server]\n{line}\n[limits]\nparts = 'x'")));
        let key = line.split(' ').next().expect("a key");
        assert!(
            said.contains("2 problems:") && said.contains("Settings::toml:4:9: `limits.parts`"),
            "{said}"
        );
        assert!(said.contains(&format!("Settings::toml:2:{}: `server.{key}`", key.len() + 4)), "{said}");
    }
}

/// A place in a list is the one where it is written, whatever else of the list is wrong.
#[test]
fn places_in_a_list_do_not_move() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken.local_addr().expect("an address");
    let list = |address: &str| format!("[server]\nlisten = [\n 'a:b:c',\n '{address}',\n]\n");
    let first = "Settings::toml:3:2: `server.listen[0]`: cannot listen on \"a:b:c\"";
    let port = taken.port();
    let table = [
        (
            list(&taken.to_string()),
            vec![first.to_owned(), "Settings::toml:4:2: `server.listen[1]`: ".to_owned()],
        ),
        (list("b:c:d"), vec![first.to_owned(), "Settings::toml:4:2: `server.listen[1]`: ".to_owned()]),
        // What cannot be bound beside is told with the rest.
        (
            format!("{}[actuator]\nhost = '127.0.0.1'\nport = {port}", list("127.0.0.1:0")),
            vec![first.to_owned(), format!("{port}")],
        ),
    ];
    for (text, expected) in table {
        let said = said_of_server(Settings::toml(&text));
        assert_eq!(
            said.matches("`server.listen[").count(),
            expected.iter().filter(|it| it.contains("listen[")).count(),
            "{text}: {said}"
        );
        for part in expected {
            assert!(said.contains(&part), "{part}: {text}: {said}");
        }
    }
}

/// Something that only those know who write programs: a path of Rust, or a call.
fn of_rust(said: &str) -> Option<&str> {
    let said_of = |word: &&str| {
        let parts: Vec<_> = word.split("::").collect();
        let is_path = parts.windows(2).any(|parts| {
            let is_word = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphabetic());
            is_word(parts[0].chars().last())
                && is_word(parts[1].chars().next())
                && !parts[0].ends_with("Settings")
        });
        is_path || word.starts_with("`.") || word.contains("(…)")
    };
    said.split_whitespace().find(said_of)
}

/// Whatever is written for any key: it is taken, or refused with its place.
#[test]
fn no_value_of_any_key_is_refused_without_its_place() {
    const VALUES: [&str; 11] = [
        "0",
        "-1",
        "99999999999",
        "true",
        "'0s'",
        "'0 B'",
        "''",
        "'no/such a'",
        "\"no/such\\u0001\"",
        "['no/such a', '']",
        "[3]",
    ];
    for (key, ..) in vernal::__private::settings_keys() {
        let key = key.replace("PATTERN", "'/x/**'").replace("NAME", "'x.y'");
        let (section, name) = key.rsplit_once('.').expect("a section");
        // Any name is one of a file, which would be made.
        for value in VALUES.into_iter().filter(|_| key != "access_log.file") {
            let text = format!("[{section}]\n{name} = {value}\n");
            let said = said_of_server(Settings::toml(&text));
            let lines: Vec<_> = said.lines().filter(|line| !line.ends_with("problems:")).collect();
            for line in lines {
                assert!(line.contains("Settings::toml:"), "{text}{said}");
                assert_eq!(of_rust(line), None, "{text}{said}");
            }
        }
    }
}
