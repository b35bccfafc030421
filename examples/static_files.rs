//! Files: from a directory, from the binary itself, and by a handler's choice.
//!
//! ```console
//! $ cargo run --example static_files
//! $ curl localhost:9090/lessons/hello.rs -H 'Range: bytes=0-2'
//! //!
//! $ curl localhost:9090/assets/
//! <h1>embedded</h1>
//! $ curl -i localhost:9090/assets/ -H 'If-None-Match: *'
//! HTTP/1.1 304 Not Modified
//! ...
//! $ curl localhost:9090/lessons/..%2FCargo.toml
//! {"code":404,"message":"Not Found","explain":"Cannot find file for this url."}
//! $ curl localhost:9090/licence -H 'Range: bytes=0-10'
//! MIT License
//! ```

use vernal::{Resources, StaticFile, request_map, server};

#[request_map("/licence")]
fn licence() -> StaticFile {
    StaticFile::new("LICENSE").content_type("text/plain; charset=utf-8")
}

fn main() -> vernal::Result {
    server::new()
        // Whatever is below the directory: only GET and HEAD, and nothing outside.
        .resources("/lessons/**", Resources::dir("examples").listing(true).cache_control("max-age=60"))
        // What was there when this was compiled; `a.css.gz` is sent for `a.css` to those that take gzip.
        .resources("/assets/**", Resources::embedded(vernal::embed!("tests/embedded")).precompressed(true))
        .start()
}
