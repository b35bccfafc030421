//! What peers and disks do to a server of files: ways out of the directory, files that change while they are sent, things
//! that are no files.

mod scratch;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vernal::test::Client;
use vernal::{OrStatus, PathValue, Resources, Result, SafePath, State, StaticFile, request_map, server};

use crate::scratch::Scratch;

/// From memory and from the disk.
fn both(resources: &Resources) -> [Client; 2] {
    [true, false].map(|cache| {
        let resources = resources.clone().cache(cache).listing(true).hidden_files(true);
        Client::builder().app("hostile").resources("/d/**", resources).build()
    })
}

/// The directory that handlers send files of.
struct Open(PathBuf);

/// What a star stands for may be anything: the file is what refuses.
#[request_map("/d/**", app = "hostile-within")]
fn within(State(open): State<&Open>, path: PathValue<&str>) -> StaticFile {
    StaticFile::within(&open.0, path)
}

/// A path that is safe is no reason to follow links.
#[request_map("/d/**", app = "hostile-both")]
fn within_safely(State(open): State<&Open>, path: SafePath<'_>) -> StaticFile {
    StaticFile::within(&open.0, path)
}

#[request_map("/d/**", app = "hostile-joined")]
fn joined(State(open): State<&Open>, path: SafePath<'_>) -> Result<String> {
    fs::read_to_string(open.0.join(path)).or_404("there is no such file")
}

/// Handlers that send files of a directory, and whether they look at links.
fn handlers(open: &Path) -> [(&'static str, Client); 3] {
    ["hostile-within", "hostile-both", "hostile-joined"]
        .map(|app| (app, Client::builder().app(app).state(Open(open.to_owned())).build()))
}

/// A directory with a secret beside it.
fn site() -> Scratch {
    let site = Scratch::new();
    site.write("secret.txt", "top secret");
    site.write("open/a.txt", "open");
    site.write("open/inner/b.txt", "open");
    site
}

#[tokio::test]
async fn nothing_outside_is_sent_however_it_is_spelled() {
    let site = site();
    let targets = [
        "/d/../secret.txt",
        "/d/inner/../../secret.txt",
        "/d/./../secret.txt",
        "/d/%2e%2e/secret.txt",
        "/d/%2E%2e/secret.txt",
        "/d/.%2e/secret.txt",
        "/d/%2e%2e%2fsecret.txt",
        "/d/..%2fsecret.txt",
        "/d/..%2Fsecret.txt",
        "/d/inner%2f..%2f..%2fsecret.txt",
        "/d/inner/..%2f..%2fsecret.txt",
        "/d/..%5csecret.txt",
        "/d/..\\secret.txt",
        "/d/%5c..%5csecret.txt",
        "/d/..%c0%afsecret.txt",
        "/d/%252e%252e/secret.txt",
        "/d/%252e%252e%252fsecret.txt",
        "/d/..;/secret.txt",
        "/d/.../secret.txt",
        "/d/....//secret.txt",
        "/d//../secret.txt",
        "/d//secret.txt",
        "/d/a.txt/../../secret.txt",
        "/d/a.txt%00.html",
        "/d/%00",
        "/d/secret.txt",
        "/d/%2fetc/passwd",
        "/d//etc/passwd",
        "/d/file:%2f%2f%2fetc%2fpasswd",
        "/d/C:%5cWindows%5cwin.ini",
        "/../secret.txt",
        "/d/..",
        "/d/../",
        "/d/%2e%2e/",
        "/d/..%2f",
        "/d/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/d/inner/%2e%2e%2f%2e%2e%2fsecret.txt",
    ];
    let open = site.path().join("open");
    let handlers = handlers(&open).map(|(_, client)| client);
    for client in both(&Resources::dir(&open)).into_iter().chain(handlers) {
        for target in targets {
            let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let answer = client.raw(request).await;
            let status = answer.split(' ').nth(1).unwrap_or_default();
            assert!(matches!(status, "400" | "404"), "{target}: {answer}");
            assert!(!answer.contains("top secret") && !answer.contains("root:"), "{target}: {answer}");
        }
        client.get("/d/a.txt").await.assert_text("open");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_stay_inside_unless_that_is_allowed() {
    use std::os::unix::fs::symlink;
    let site = site();
    let open = site.path().join("open");
    for (target, link) in [
        ("../secret.txt", "out.txt"),
        ("..", "up"),
        ("/", "root"),
        ("a.txt", "in.txt"),
        ("inner", "in"),
        ("circle", "circle"),
        ("nowhere", "dangling"),
        ("../open-beside/c.txt", "beside.txt"),
    ] {
        symlink(target, open.join(link)).expect("a place for a link");
    }
    site.write("open-beside/c.txt", "beside");
    let table = [
        ("/d/out.txt", 404, 200),
        ("/d/up/secret.txt", 404, 200),
        ("/d/up/", 404, 200),
        ("/d/up", 404, 301),
        ("/d/root/etc/passwd", 404, 200),
        ("/d/in.txt", 200, 200),
        ("/d/in/b.txt", 200, 200),
        ("/d/in/", 200, 200),
        ("/d/circle", 404, 404),
        ("/d/circle/a", 404, 404),
        ("/d/dangling", 404, 404),
        ("/d/beside.txt", 404, 200),
    ];
    for (follows, resources) in
        [Resources::dir(&open), Resources::dir(&open).follow_symlinks(true)].iter().enumerate()
    {
        for client in both(resources) {
            for (path, strict, loose) in table {
                let expected = [strict, loose][follows];
                assert_eq!(client.get(path).await.status(), expected, "{path}, follows: {follows}");
            }
            let list = client.get("/d/").await;
            assert_eq!(list.text().contains("out.txt"), follows == 1, "{}", list.text());
            assert!(list.text().contains("in.txt") && !list.text().contains("circle"));
        }
    }
    for (app, client) in handlers(&open).into_iter().filter(|(app, _)| *app != "hostile-joined") {
        for (path, strict, _) in table {
            let expected = if path.ends_with('/') { 404 } else { strict };
            assert_eq!(client.get(path).await.status(), expected, "{app}: {path}");
        }
    }
}

/// What stands for nothing, for a directory, or for another path than the one that filters saw, is no file either.
#[tokio::test]
async fn a_handler_sends_what_resources_would() {
    let site = site();
    site.write("open/.env", "hidden");
    site.write("open/.well-known/x.txt", "known");
    site.write("open/a b/ü.txt", "spelled");
    let open = site.path().join("open");
    let table = [
        ("/d/a.txt", "200 open"),
        ("/d/inner/b.txt", "200 open"),
        ("/d//inner//b.txt", "200 open"),
        ("/d/inner/../a.txt", "200 open"),
        ("/d/a%20b/%C3%BC.txt", "200 spelled"),
        ("/d/.well-known/x.txt", "200 known"),
        ("/d", "404"),
        ("/d/", "404"),
        ("/d/inner", "404"),
        ("/d/inner/", "404"),
        ("/d/a.txt/", "404"),
        ("/d/a.txt/b", "404"),
        ("/d/.env", "404"),
        ("/d/none.txt", "404"),
        // One segment for the filters, two for the disk.
        ("/d/inner%2fb.txt", "404"),
    ];
    let resources = Resources::dir(&open).cache(false);
    let resources = Client::builder().app("hostile").resources("/d/**", resources).build();
    let clients = handlers(&open).into_iter().chain([("resources", resources)]);
    for (app, client) in clients {
        for (path, expected) in table {
            let expected = match (app, path) {
                ("hostile-within", "/d/inner%2fb.txt") => "200 open",
                _ => expected,
            };
            let answer = client.get(path).await;
            let text = if answer.status() == 200 { answer.text() } else { "" };
            assert_eq!(format!("{} {text}", answer.status().as_u16()).trim_end(), expected, "{app}: {path}");
        }
    }
    let [(_, client), ..] = handlers(&open);
    let file = client.get("/d/a.txt").await;
    file.assert_header("content-type", "text/plain; charset=utf-8").assert_header("content-length", "4");
    let tag = file.header("etag").expect("a validator");
    client.get("/d/a.txt").header("if-none-match", tag).await.assert_status(304);
    let [(_, client), ..] = handlers(Path::new("/there/is/no/such/directory"));
    client.get("/d/a.txt").await.assert_status(404);
}

/// A new version of a site is often put in place by a link to it.
#[cfg(unix)]
#[tokio::test]
async fn the_directory_itself_may_be_a_link_that_changes() {
    use std::os::unix::fs::symlink;
    let site = Scratch::new();
    site.write("one/a.txt", "one");
    site.write("two/a.txt", "two, longer");
    let current = site.path().join("current");
    symlink("one", &current).expect("a place for a link");
    for client in both(&Resources::dir(&current).check_every(Duration::ZERO)) {
        client.get("/d/a.txt").await.assert_text("one");
        for (now, text) in [("two", "two, longer"), ("one", "one")] {
            fs::remove_file(&current).expect("ours");
            symlink(now, &current).expect("a place for a link");
            client.get("/d/a.txt").await.assert_text(text);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_file_is_not_opened() {
    let site = site();
    let open = site.path().join("open");
    let made = std::process::Command::new("mkfifo").arg(open.join("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(open.join("socket")).expect("a place for a socket");
    std::os::unix::fs::symlink("/dev/zero", open.join("zero")).expect("a place for a link");
    std::os::unix::fs::symlink("/dev/stdin", open.join("stdin")).expect("a place for a link");
    for client in both(&Resources::dir(&open).follow_symlinks(true)) {
        for name in ["pipe", "socket", "zero", "stdin"] {
            let asking = tokio::time::timeout(Duration::from_secs(20), client.get(&format!("/d/{name}")));
            asking.await.expect("nothing waits for a writer").assert_status(404);
        }
    }
}

#[tokio::test]
async fn names_too_long_for_a_disk_are_not_there() {
    let site = site();
    for client in both(&Resources::dir(site.path().join("open"))) {
        let long = "x".repeat(5000);
        client.get(&format!("/d/{long}")).await.assert_status(404);
        client.get(&format!("/d/{}", "y/".repeat(2500))).await.assert_status(404);
    }
}

/// Two 4 MiB pieces do not fit into the buffers between a server and a peer that reads nothing.
const LARGE: usize = 16 << 20;

/// A server of its own thread, and a peer that has read the head of a large file and nothing of its body.
fn asked_for_large(site: &Scratch) -> (TcpStream, usize, server::Handle, std::thread::JoinHandle<()>) {
    site.write("large.bin", vec![b'x'; LARGE]);
    let bound = server::new().app("hostile").host("127.0.0.1").port(0).handle_signals(false);
    let bound = bound.resources("/**", site.path()).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(bound.serve()).expect("it serves");
    });
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout that is not zero");
    stream.write_all(b"GET /large.bin HTTP/1.1\r\nhost: a\r\n\r\n").expect("it reads");
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("there is a head");
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).expect("text");
    assert!(head.contains(&format!("content-length: {LARGE}\r\n")), "{head}");
    (stream, LARGE, handle, serving)
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_cuts_the_connection() {
    let site = Scratch::new();
    let (mut stream, size, handle, serving) = asked_for_large(&site);
    let file = File::options().write(true).open(site.path().join("large.bin")).expect("it is there");
    file.set_len(1000).expect("ours");
    let mut body = Vec::new();
    // Cut by an end or by a reset; never padded, and never followed by another answer.
    let _ = stream.read_to_end(&mut body);
    assert!(body.len() < size && body.iter().all(|byte| *byte == b'x'), "{} of {size}", body.len());
    handle.stop();
    serving.join().expect("it ends");
}

#[test]
fn a_file_that_vanishes_while_it_is_sent_is_sent_whole() {
    let site = Scratch::new();
    let (mut stream, size, handle, serving) = asked_for_large(&site);
    site.remove("large.bin");
    let mut body = vec![0; size];
    stream.read_exact(&mut body).expect("all of it comes");
    assert!(body.iter().all(|byte| *byte == b'x'));
    stream.write_all(b"GET /large.bin HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").expect("it reads");
    let mut next = String::new();
    stream.read_to_string(&mut next).expect("text");
    assert!(next.starts_with("HTTP/1.1 404 "), "{next}");
    handle.stop();
    serving.join().expect("it ends");
}

#[tokio::test]
async fn a_file_that_becomes_a_directory_is_not_there_any_more() {
    let site = site();
    let open = site.path().join("open");
    for client in both(&Resources::dir(&open).listing(false).check_every(Duration::ZERO)) {
        client.get("/d/a.txt").await.assert_text("open");
        site.remove("open/a.txt");
        fs::create_dir(open.join("a.txt")).expect("ours");
        client.get("/d/a.txt").await.assert_status(301);
        fs::remove_dir(open.join("a.txt")).expect("ours");
        client.get("/d/a.txt").await.assert_status(404);
        site.write("open/a.txt", "open");
    }
}
