//! Uploads by curl, over a real socket: what a client that others wrote makes of files and names.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};
use vernal::{Limits, Multipart, MultipartFile, Result, request_map, server};

#[request_map("/files", method = "POST")]
async fn files(file: Vec<MultipartFile<'_>>, #[arg(default = "none")] text: &str) -> Result<Value> {
    let mut told = Vec::new();
    for file in file {
        let sum: u64 = file.bytes().await?.iter().map(|&byte| u64::from(byte)).sum();
        told.push(json!([file.filename(), file.content_type(), file.size(), sum]));
    }
    Ok(json!({ "text": text, "files": told }))
}

#[request_map("/parts", method = "POST")]
async fn parts(mut form: Multipart) -> Result<Value> {
    let mut told = Vec::new();
    while let Some(mut part) = form.next().await? {
        let mut size = 0;
        let mut sum = 0;
        while let Some(piece) = part.read().await? {
            size += piece.len();
            sum += piece.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
        told.push(json!([part.name(), part.filename(), part.content_type(), size, sum]));
    }
    Ok(told.into())
}

/// Runs curl against a server of its own; what it prints.
async fn curl(path: &str, arguments: &[&str], input: Vec<u8>) -> String {
    let limits = Limits::new().upload_memory(10 << 10).upload_size(20 << 20);
    let bound = server::new().host("127.0.0.1").port(0).handle_signals(false).limits(limits);
    let bound = bound.bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    let url = format!("http://{address}{path}");
    let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let output = tokio::task::spawn_blocking(move || {
        let mut curl = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "60"])
            .args(&arguments)
            .arg(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test runs curl: apt-get update && apt-get install -y curl");
        let mut stdin = curl.stdin.take().expect("it is piped");
        // It may have ended before it has read everything.
        let writing = thread::spawn(move || drop(stdin.write_all(&input)));
        let output = curl.wait_with_output().expect("curl ends");
        writing.join().expect("no panic");
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        output
    });
    let output = output.await.expect("no panic");
    handle.stop();
    serving.await.expect("no panic").expect("stopped");
    String::from_utf8(output.stdout).expect("we answer in UTF-8")
}

#[tokio::test]
async fn curl_sends_files_and_fields() {
    // Standard input is the file `-`.
    let large: Vec<u8> = (0..5_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let sum: u64 = large.iter().map(|&byte| u64::from(byte)).sum();
    let fields = [
        "-F",
        "text=süß & \"fein\"",
        "-F",
        "file=@-;filename=large.bin",
        "-F",
        "file=@LICENSE;type=text/x-license",
        "-F",
        "file=small;filename=\"a \\\"b\\\" c.txt\"",
    ];
    for more in
        [&[][..], &["-H", "Transfer-Encoding: chunked"], &["--http1.0"], &["-H", "Expect: 100-continue"]]
    {
        let told = curl("/files", &[more, &fields].concat(), large.clone()).await;
        let told: Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"));
        assert_eq!(told["text"], "süß & \"fein\"", "{more:?}");
        assert_eq!(
            told["files"][0],
            json!(["large.bin", "application/octet-stream", large.len(), sum]),
            "{more:?}"
        );
        assert_eq!(told["files"][1][1], "text/x-license", "{more:?}");
        assert_eq!(told["files"][2], json!(["a \"b\" c.txt", "text/plain", 5, 537]), "{more:?}");
        let told = curl("/parts", &[more, &fields].concat(), large.clone()).await;
        let told: Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"));
        assert_eq!(told[1], json!(["file", "large.bin", null, large.len(), sum]), "{more:?}");
        assert_eq!(told.as_array().expect("a list").len(), 4, "{more:?}");
    }
}

#[tokio::test]
async fn curl_may_write_names_the_old_way() {
    let fields = ["--form-escape", "-F", "file=1;filename=\"a \\\"b\\\" c.txt\""];
    let told: Value = serde_json::from_str(&curl("/files", &fields, Vec::new()).await).expect("JSON");
    assert_eq!(told["files"][0][0], "a \"b\" c.txt");
}

#[tokio::test]
async fn curl_learns_that_a_file_is_too_large() {
    // It stops sending when it is refused, before or while it sends.
    for more in [&[][..], &["-H", "Transfer-Encoding: chunked"]] {
        let fields = [more, &["-o", "-", "-w", "%{http_code}", "-F", "file=@-;filename=x"]].concat();
        let told = curl("/files", &fields, vec![0; 21 << 20]).await;
        assert!(
            told.contains("larger than 20971520 bytes (Limits::upload_size)") && told.ends_with("413"),
            "{told}"
        );
    }
}
