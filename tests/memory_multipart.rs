//! What forms cost in memory, good ones and bad ones: the peak of the whole process, whose other half sends from one
//! small buffer. Alone in its process, for that is what is measured.

mod measuring;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use vernal::{Limits, Multipart, MultipartFile, Result, request_map, server};

#[request_map("/files", method = "POST")]
fn files(file: Vec<MultipartFile<'_>>) -> String {
    format!("{} files, {} bytes", file.len(), file.iter().map(MultipartFile::size).sum::<u64>())
}

#[request_map("/parts", method = "POST")]
async fn parts(mut form: Multipart) -> Result<String> {
    let (mut count, mut size) = (0, 0);
    while let Some(mut part) = form.next().await? {
        count += 1;
        while let Some(piece) = part.read().await? {
            size += piece.len();
        }
    }
    Ok(format!("{count} parts, {size} bytes"))
}

/// A body: its begin, what is repeated, how often, its end.
struct Body {
    begin: &'static str,
    repeated: String,
    count: usize,
    end: &'static str,
}

const FILE: &str = "--b\r\nContent-Disposition: form-data; name=file; filename=x\r\n";
const TEXT: &str = "--b\r\nContent-Disposition: form-data; name=text\r\n";
const END: &str = "\r\n--b--\r\n";

#[test]
fn memory_is_bounded_whatever_comes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("memory-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a new folder");
    let limits = Limits::new().upload_size(1 << 30);
    let bound = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false).limits(limits);
    let bound = bound.upload_directory(&folder).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = measuring::serve(bound);
    let begin_of_file = "--b\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\n";
    let begin_of_text = "--b\r\nContent-Disposition: form-data; name=text\r\n\r\n";
    let many = |head: &str, length: usize| format!("{head}X: {}\r\n\r\n1\r\n", "x".repeat(length));
    let kib = |count: usize| (".".repeat(1 << 10), count << 10);
    let body = |begin, (repeated, count), end| Body { begin, repeated, count, end };
    // Name, path, body, answer, KiB of memory.
    let table = [
        ("a file in parts", "/parts", body(begin_of_file, kib(64), END), "1 parts, 67108864 bytes", 256),
        ("a file on disk", "/files", body(begin_of_file, kib(64), END), "1 files, 67108864 bytes", 2 << 10),
        (
            "files with large heads",
            "/files",
            body("", (many(FILE, 4_000), 1_000), "--b--"),
            "1000 files",
            8 << 10,
        ),
        ("a text too large", "/files", body(begin_of_text, kib(16), END), "Limits::body_size", 8 << 10),
        ("too many parts", "/files", body("", (many(FILE, 1), 100_000), "--b--"), "Limits::parts", 1 << 10),
        ("too many texts", "/files", body("", (many(TEXT, 1), 100_000), "--b--"), "Limits::parts", 256),
        ("an endless head", "/files", body(FILE, kib(16), END), "Limits::part_head_size", 256),
        ("an endless preamble", "/files", body("", kib(16), ""), "never came", 256),
        ("an endless epilogue", "/files", body("--b--", kib(16), ""), "file] is required", 256),
        ("no end", "/files", body(begin_of_file, kib(16), ""), "cut off in part 1", 2 << 10),
    ];
    for (name, path, body, answer, most) in table {
        let before = measuring::begin();
        let told = send(address, path, &body);
        let peak = measuring::peak() - before;
        assert!(told.contains(answer), "{name}: {told}");
        assert!(peak <= most << 10, "{name}: {} KiB at its peak, {most} KiB at most", peak >> 10);
    }
    handle.stop();
    serving.join().expect("no panic");
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0, "temporary files are gone");
    fs::remove_dir(folder).expect("it is empty");
}

/// Sends a form until it is whole or refused; what is answered.
fn send(address: SocketAddr, path: &str, body: &Body) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let length = body.begin.len() + body.repeated.len() * body.count + body.end.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n{}",
        body.begin
    );
    let mut send = |bytes: &str| stream.write_all(bytes.as_bytes());
    // Who is refused is not read to the end.
    let _ = send(&head)
        .and_then(|()| (0..body.count).try_for_each(|_| send(&body.repeated)))
        .and_then(|()| send(body.end));
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    assert!(!answer.is_empty(), "no answer: {read:?}");
    answer
}
