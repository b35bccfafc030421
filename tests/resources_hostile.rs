//! What peers and disks do to a server of files: ways out of the directory, files that change while they are sent, things
//! that are no files.

mod both;
mod said;
mod scratch;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use vernal::test::Client;
use vernal::{OrStatus, PathValue, Resources, Result, SafePath, State, StaticFile, request_map, server};

use crate::said::Said;
use crate::scratch::Scratch;

/// From memory and from the disk, looked up from an opened directory where the system can do that, and by name.
fn all_ways(resources: &Resources) -> Vec<Client> {
    let ways = [
        resources.clone(),
        #[cfg(all(feature = "sendfile", target_os = "linux"))]
        resources.clone().by_name(),
    ];
    let ways = ways.iter().flat_map(|way| [true, false].map(|cache| way.clone().cache(cache)));
    ways.map(|way| {
        let resources = way.listing(true).hidden_files(true);
        Client::builder().app("hostile").resources("/d/**", resources).build()
    })
    .collect()
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
    for client in all_ways(&Resources::dir(&open)).into_iter().chain(handlers) {
        // What is not there the first time may be known not to be there the next.
        for target in targets.into_iter().chain(targets) {
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
        ("../open/a.txt", "out-and-in.txt"),
        ("in", "in-by-two"),
    ] {
        symlink(target, open.join(link)).expect("a place for a link");
    }
    for (target, link) in
        [("a.txt", "absolute-in.txt"), ("../secret.txt", "absolute-out.txt"), ("inner", "absolute-in")]
    {
        symlink(open.join(target), open.join(link)).expect("a place for a link");
    }
    site.write("open-beside/c.txt", "beside");
    let table = [
        ("/d/out-and-in.txt", 200, 200),
        ("/d/in-by-two/b.txt", 200, 200),
        ("/d/absolute-in.txt", 200, 200),
        ("/d/absolute-in/b.txt", 200, 200),
        ("/d/absolute-out.txt", 404, 200),
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
        for client in all_ways(resources) {
            for (path, strict, loose) in table.into_iter().chain(table) {
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
    for client in all_ways(&Resources::dir(&current).check_every(Duration::ZERO)) {
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
    for client in all_ways(&Resources::dir(&open).follow_symlinks(true)) {
        for name in ["pipe", "socket", "zero", "stdin"] {
            let asking = tokio::time::timeout(Duration::from_secs(20), client.get(&format!("/d/{name}")));
            asking.await.expect("nothing waits for a writer").assert_status(404);
        }
    }
}

#[tokio::test]
async fn names_too_long_for_a_disk_are_not_there() {
    let site = site();
    for client in all_ways(&Resources::dir(site.path().join("open"))) {
        let long = "x".repeat(5000);
        client.get(&format!("/d/{long}")).await.assert_status(404);
        client.get(&format!("/d/{}", "y/".repeat(2500))).await.assert_status(404);
    }
}

/// Two 4 MiB pieces do not fit into the buffers between a server and a peer that reads nothing.
const LARGE: usize = 16 << 20;

/// A server of its own thread, and a peer that has read the head of a large file and nothing of its body.
fn asked_for_large(
    site: &Scratch,
    said: &Said,
) -> (TcpStream, usize, server::Handle, std::thread::JoinHandle<()>) {
    let said = said.clone();
    site.write("large.bin", vec![b'x'; LARGE]);
    let bound = server::new().app("hostile").host("127.0.0.1").port(0).handle_signals(false);
    let bound = bound.resources("/**", site.path()).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = std::thread::spawn(move || {
        let _subscriber = tracing::subscriber::set_default(said);
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
    let (site, said) = (Scratch::new(), Said::default());
    let (mut stream, size, handle, serving) = asked_for_large(&site, &said);
    let file = File::options().write(true).open(site.path().join("large.bin")).expect("it is there");
    file.set_len(1000).expect("ours");
    let mut body = Vec::new();
    // Cut by an end or by a reset; never padded to its length, and never followed by another answer. What the system sends by itself
    // and has not sent yet is as the file is now: the rest of a page that was cut is empty.
    let end = stream.read_to_end(&mut body);
    assert!(
        body.len() < size && body.iter().all(|byte| [b'x', 0].contains(byte)),
        "{} of {size}",
        body.len()
    );
    handle.stop();
    serving.join().expect("it ends");
    let lines = said.with("was cut");
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let begin = "ERROR a file that is being sent was cut: GET /large.bin, ";
    let missing = line.strip_prefix(begin).and_then(|line| line.split_once(' ')).expect(line);
    assert_eq!(missing.1, format!("of {size} bytes missing: it has become shorter than it was"));
    if end.is_ok() {
        assert_eq!(missing.0, (size - body.len()).to_string(), "{line}");
    }
}

#[test]
fn a_peer_that_leaves_a_file_is_not_told_of() {
    let (site, said) = (Scratch::new(), Said::default());
    let (stream, _, handle, serving) = asked_for_large(&site, &said);
    drop(stream);
    handle.stop();
    serving.join().expect("it ends");
    assert_eq!(said.with("was cut"), [""; 0]);
}

#[test]
fn a_file_that_vanishes_while_it_is_sent_is_sent_whole() {
    let site = Scratch::new();
    let (mut stream, size, handle, serving) = asked_for_large(&site, &Said::default());
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
    for client in all_ways(&Resources::dir(&open).listing(false).check_every(Duration::ZERO)) {
        client.get("/d/a.txt").await.assert_text("open");
        site.remove("open/a.txt");
        fs::create_dir(open.join("a.txt")).expect("ours");
        client.get("/d/a.txt").await.assert_status(301);
        fs::remove_dir(open.join("a.txt")).expect("ours");
        client.get("/d/a.txt").await.assert_status(404);
        site.write("open/a.txt", "open");
    }
}

/// A file of the same size and time in the place of another is another file, whatever the clock of the file system can tell.
#[tokio::test]
async fn a_file_that_is_replaced_has_another_tag() {
    let site = site();
    let open = site.path().join("open");
    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    for client in all_ways(&Resources::dir(&open).check_every(Duration::ZERO)) {
        let mut tags = BTreeSet::new();
        for round in 0..100 {
            let text = format!("{round:04}");
            site.write("new.txt", &text);
            site.set_time("new.txt", yesterday);
            fs::rename(site.path().join("new.txt"), open.join("a.txt")).expect("ours");
            let answer = client.get("/d/a.txt").await;
            answer.assert_status(200).assert_text(&text);
            let tag = answer.header("etag").expect("its time says something").to_owned();
            client.get("/d/a.txt").header("if-none-match", &*tag).await.assert_status(304);
            assert!(tags.insert(tag), "{round}: a tag of before");
        }
        site.write("open/a.txt", "open");
    }
}

/// Tells a thread to end, whatever becomes of its test.
struct Ending<'e>(&'e AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whoever may write there cannot lead the server out between its look and its opening.
#[cfg(unix)]
#[test]
fn a_directory_that_is_swapped_for_a_link_leads_nowhere() {
    let site = site();
    let open = site.path().join("open");
    site.write("outside/b.txt", "top secret");
    let (inner, away, link) = (open.join("inner"), site.path().join("away"), site.path().join("link"));
    std::os::unix::fs::symlink("../outside", &link).expect("a place for a link");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ending = Ending(&is_over);
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for (from, to) in [(&inner, &away), (&link, &inner), (&inner, &link), (&away, &inner)] {
                    fs::rename(from, to).expect("ours");
                }
            }
        });
        runtime.block_on(async {
            for client in all_ways(&Resources::dir(&open).check_every(Duration::ZERO)) {
                for _ in 0..300 {
                    let answer = client.get("/d/inner/b.txt").await;
                    match answer.status().as_u16() {
                        200 => drop(answer.assert_text("open")),
                        status => assert_eq!(status, 404),
                    }
                }
            }
        });
        drop(ending);
    });
    runtime.block_on(async {
        for client in all_ways(&Resources::dir(&open)) {
            client.get("/d/inner/b.txt").await.assert_text("open");
        }
    });
}

/// The directory itself may be removed, renamed away and made anew.
#[tokio::test]
async fn the_directory_itself_may_be_another_one_by_now() {
    let site = site();
    let (open, away) = (site.path().join("open"), site.path().join("away"));
    for client in all_ways(&Resources::dir(&open).check_every(Duration::ZERO)) {
        client.get("/d/a.txt").await.assert_text("open");
        fs::rename(&open, &away).expect("ours");
        client.get("/d/a.txt").await.assert_status(404);
        site.write("open/a.txt", "made anew");
        site.write("open/new.txt", "new");
        client.get("/d/a.txt").await.assert_text("made anew");
        client.get("/d/new.txt").await.assert_text("new");
        fs::remove_dir_all(&open).expect("ours");
        client.get("/d/new.txt").await.assert_status(404);
        fs::rename(&away, &open).expect("ours");
        client.get("/d/a.txt").await.assert_text("open");
    }
}

/// Where what is only allowed to a system's administrator, or in a namespace of one's own, can be done: in this process again.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_mounted_inside_is_served_as_what_it_is() {
    const INSIDE: &str = "VERNAL_MOUNTS_INSIDE";
    let Some(folder) = std::env::var_os(INSIDE).map(PathBuf::from) else {
        let site = site();
        for name in ["open/memory", "open/processes", "open/bound", "open/layers", "lower", "upper", "work"] {
            fs::create_dir_all(site.path().join(name)).expect("ours");
        }
        site.write("lower/l.txt", "lower");
        site.write("open/zero", "to be covered");
        let mounts = "set -e; cd \"$1\"; mount -t tmpfs none open/memory; echo memory > open/memory/m.txt; mkdir open/memory/deep; \
             mount --rbind /proc open/processes; mount --bind . open/bound; mount --bind /dev/zero open/zero; \
             mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work open/layers || touch no-layers; exec \"$2\" --exact \"$3\" --nocapture";
        let test = std::env::current_exe().expect("this test has a file");
        let mut command = std::process::Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", mounts, "sh"])
            .arg(site.path())
            .arg(test);
        let command = command.arg("what_is_mounted_inside_is_served_as_what_it_is").env(INSIDE, site.path());
        let may = ["--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"];
        if !std::process::Command::new("unshare").args(may).status().is_ok_and(|status| status.success()) {
            return println!("nothing may be mounted here, so this is not tested");
        }
        let output = command.output().expect("unshare runs");
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(output.status.success(), "{}{}", said[0], said[1]);
        assert!(said[0].contains("1 passed"), "{}", said[0]);
        return;
    };
    let layers = if folder.join("no-layers").exists() { 404 } else { 200 };
    let table = [
        ("/d/memory/m.txt", 200),
        ("/d/memory/none.txt", 404),
        ("/d/memory/m.txt/x", 404),
        ("/d/memory/deep", 301),
        ("/d/bound/open/a.txt", 200),
        // It is mounted there, so it is meant to be seen.
        ("/d/bound/secret.txt", 200),
        ("/d/layers/l.txt", layers),
        ("/d/layers/none.txt", 404),
        ("/d/zero", 404),
        // It says that it is empty.
        ("/d/processes/self/status", 200),
        ("/d/processes/self/exe", 404),
        ("/d/processes/self/root/etc/passwd", 404),
        ("/d/processes/self/cwd/Cargo.toml", 404),
        ("/d/processes/self/fd/0", 404),
        ("/d/processes/self/none", 404),
    ];
    for client in all_ways(&Resources::dir(folder.join("open"))) {
        for (path, expected) in table.into_iter().chain(table) {
            let asking = tokio::time::timeout(Duration::from_secs(20), client.get(path));
            let answer = asking.await.expect("nothing waits");
            assert_eq!(answer.status(), expected, "{path}");
        }
        client.get("/d/memory/m.txt").await.assert_text("memory\n");
        client.get("/d/processes/self/status").await.assert_text("");
    }
    // Each of them as the directory itself: memory, layers, and what says nothing of itself.
    for (root, path, text) in [
        ("open/memory", "/d/m.txt", "memory\n"),
        ("open/layers", "/d/l.txt", "lower"),
        ("open/processes/self", "/d/status", ""),
    ] {
        if root == "open/layers" && layers == 404 {
            continue;
        }
        for client in all_ways(&Resources::dir(folder.join(root))) {
            for _ in 0..2 {
                client.get(path).await.assert_status(200).assert_text(text);
                client.get("/d/none.txt").await.assert_status(404);
            }
        }
    }
    let replaced = Resources::dir(folder.join("open/memory")).check_every(Duration::from_secs(3600));
    for client in all_ways(&replaced) {
        fs::remove_file(folder.join("open/memory/m.txt")).expect("ours");
        fs::write(folder.join("open/memory/m.txt"), "memory\n").expect("ours");
        client.get("/d/m.txt").await.assert_text("memory\n");
    }
}

/// What the system sends by itself is what was asked for, however it is asked for, and slow peers keep nobody else waiting.
#[test]
fn large_files_are_sent_in_parts_and_past_slow_peers() {
    let site = Scratch::new();
    let content: Vec<u8> = (0..LARGE).map(|place| (place / 7 % 251) as u8).collect();
    site.write("large.bin", &content);
    site.write("small.txt", "small");
    for by_name in [false, true] {
        let resources = Resources::dir(site.path()).cache(false);
        #[cfg(all(feature = "sendfile", target_os = "linux"))]
        let resources = if by_name { resources.by_name() } else { resources };
        let bound = server::new().app("hostile").host("127.0.0.1").port(0).handle_signals(false);
        let bound = bound.resources("/**", resources).bind().expect("a free port");
        let (address, handle) = (bound.local_addr(), bound.handle());
        let serving = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().max_blocking_threads(1).build().expect("a runtime");
            runtime.block_on(bound.serve()).expect("it serves");
        });
        let ask = |path: &str, fields: &str| {
            let mut stream = TcpStream::connect(address).expect("it listens");
            stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout that is not zero");
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
            stream.write_all(request.as_bytes()).expect("it reads");
            stream
        };
        let read = |mut stream: TcpStream| {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).expect("all of it comes");
            let head = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
            let body = answer.split_off(head);
            (String::from_utf8(answer).expect("text"), body)
        };
        // They read nothing for now.
        let slow: Vec<_> = (0..8).map(|_| ask("/large.bin", "")).collect();
        for mut stream in slow.iter().map(|stream| stream.try_clone().expect("a socket")) {
            stream.read_exact(&mut [0; 12]).expect("it has begun");
        }
        assert_eq!(read(ask("/small.txt", "")).1, b"small");
        let table =
            [(0, LARGE), (1, LARGE), (5_000_000, 5_000_001), (5_000_000, 5_300_000), (LARGE - 70_000, LARGE)];
        for (start, end) in table {
            let (head, body) = read(ask("/large.bin", &format!("range: bytes={start}-{}\r\n", end - 1)));
            assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
            assert!(body == content[start..end], "{start}..{end}: {} bytes", body.len());
        }
        let (head, body) = read(ask("/large.bin", "range: bytes=0-99999,7000000-7199999,-3\r\n"));
        let boundary =
            head.split_once("boundary=").expect("in parts").1.split("\r\n").next().expect("a line");
        let mut expected = Vec::new();
        for (start, end) in [(0, 100_000), (7_000_000, 7_200_000), (LARGE - 3, LARGE)] {
            expected.extend_from_slice(
                format!("\r\n--{boundary}\r\ncontent-type: application/octet-stream\r\ncontent-range: bytes {start}-{}/{LARGE}\r\n\r\n", end - 1).as_bytes(),
            );
            expected.extend_from_slice(&content[start..end]);
        }
        expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        assert!(body == expected, "{} of {} bytes", body.len(), expected.len());
        for mut stream in slow {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).expect("all of it comes");
            assert!(rest.ends_with(&content), "{} bytes, by name: {by_name}", rest.len());
        }
        handle.stop();
        serving.join().expect("it ends");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
