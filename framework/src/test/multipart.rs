//! Forms in parts, as browsers write them (WHATWG HTML, "multipart form data").

use std::fmt::Display;
use std::path::Path;

use super::RequestBuilder;

impl RequestBuilder {
    /// Adds a text field to a form in parts (`multipart/form-data`), and sets the content type.
    ///
    /// ```
    /// # use vernal::{MultipartFile, request_map, test};
    /// #[request_map("/upload", method = "POST")]
    /// fn upload(img: MultipartFile<'_>, title: &str) -> String {
    ///     format!("{title}: {} of {} bytes", img.filename(), img.size())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let client = test::Client::new();
    /// let form = client.post("/upload").field("title", "Spring").file("img", "a.png", "image/png", b"123");
    /// form.await.assert_text("Spring: a.png of 3 bytes");
    /// # }
    /// ```
    pub fn field(self, name: &str, value: impl Display) -> RequestBuilder {
        self.part(&format!("name=\"{}\"", escaped(name)), value.to_string().as_bytes())
    }

    /// Adds a file to a form in parts, and sets the content type. An empty `content_type` leaves the part without one.
    pub fn file(
        self,
        name: &str,
        filename: &str,
        content_type: &str,
        content: impl AsRef<[u8]>,
    ) -> RequestBuilder {
        let line =
            if content_type.is_empty() { String::new() } else { format!("\r\nContent-Type: {content_type}") };
        let head = format!("name=\"{}\"; filename=\"{}\"{line}", escaped(name), escaped(filename));
        self.part(&head, content.as_ref())
    }

    /// Adds a file from disk to a form in parts, under its own name and with the content type that its extension says.
    ///
    /// ```
    /// # use vernal::{MultipartFile, request_map, test};
    /// # #[request_map("/manifest", method = "POST")]
    /// # fn upload(file: MultipartFile<'_>) -> String {
    /// #     format!("{}, {}", file.filename(), file.content_type())
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let answer = test::Client::new().post("/manifest").file_from("file", "src/lib.rs").await;
    /// # answer.assert_text("lib.rs, text/x-rust");
    /// # }
    /// ```
    ///
    /// # Panics
    /// It cannot be read; the panic's text says why.
    #[track_caller]
    pub fn file_from(self, name: &str, path: impl AsRef<Path>) -> RequestBuilder {
        let path = path.as_ref();
        let content = match std::fs::read(path) {
            Ok(content) => content,
            Err(error) => panic!("the file {} cannot be read: {error}", path.display()),
        };
        let filename = path.file_name().unwrap_or_default().to_string_lossy();
        let content_type = mime_guess::from_path(path).first_or_octet_stream();
        self.file(name, &filename, content_type.essence_str(), content)
    }

    fn part(mut self, head: &str, content: &[u8]) -> RequestBuilder {
        if !self.headers.contains("content-type") {
            self.headers.insert("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
        }
        let end = format!("--{BOUNDARY}--\r\n");
        let before = self.body.strip_suffix(end.as_bytes()).unwrap_or_default().len();
        self.body.truncate(before);
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        self.body.extend_from_slice(&[head.as_bytes(), content, b"\r\n", end.as_bytes()].concat());
        self.has_body = true;
        self
    }
}

/// A name as it stands in quotes.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// Nothing that a test sends holds this.
const BOUNDARY: &str = "----vernal-test-6f1c2b7e90d34a58";
