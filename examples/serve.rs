//! A server for the files of a directory: `serve [-p PORT] [-b HOST] [-r DIR]`.
//!
//! ```console
//! $ cargo run --example serve
//! $ curl localhost:9090/examples/serve.rs -H 'Range: bytes=4-42'
//! A server for the files of a directory:
//! $ curl -i localhost:9090/examples/ -H 'Accept-Encoding: gzip'
//! HTTP/1.1 200 OK
//! ...
//! content-type: text/html; charset=utf-8
//! ...
//! <tr><td><a href="../">../</a><td><td>
//! ...
//! ```

use vernal::{Error, Resources, Result, server};

const HELP: &str = "\
Serves the files of a directory.

    serve [-p PORT] [-b HOST] [-r DIR]

  -p, --port PORT       the port to listen on (9090)
  -b, --bind HOST       the address to listen on (all)
  -r, --resources DIR   the directory to serve (.)
  -h, --help            this text
";

fn main() -> Result {
    let (mut server, mut directory) = (server::new(), ".".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let wrong = |what: &str| Error::internal(format!("{what} {option}\n\n{HELP}"));
        let mut value = || arguments.next().ok_or_else(|| wrong("there is no value after"));
        match option.as_str() {
            "-p" | "--port" => server = server.port(value()?.parse()?),
            "-b" | "--bind" => server = server.host(value()?),
            "-r" | "--resources" => directory = value()?,
            "-h" | "--help" => {
                print!("{HELP}");
                return Ok(());
            }
            _ => return Err(wrong("there is no option")),
        }
    }
    server.resources("/**", Resources::dir(directory).listing(true).precompressed(true)).start()
}
