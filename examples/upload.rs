//! Uploads: a page with a progress bar, files as arguments, and a form of any size read while it comes.
//!
//! Open <http://localhost:9090/>, and choose some files. They are stored in the folder `uploads`, or where `UPLOADS` says.
//!
//! ```console
//! $ cargo run --example upload
//! $ curl -F album=trees -F files=@LICENSE -F files=@rustfmt.toml localhost:9090/upload
//! {"album":"trees","stored":[{"name":"LICENSE","size":1079},{"name":"rustfmt.toml","size":45}]}
//! $ curl -F album=trees localhost:9090/upload
//! {"code":400,"message":"Missing Parameter","explain":"Parameter[files] is required: a file. For a list that may be empty write `Option<Vec<…>>` or `#[arg(default)]`.","errors":[{"expected":"a file","got":null,"parameter":"files","source":"Parameter"}]}
//! $ curl -F files=LICENSE localhost:9090/upload
//! {"code":400,"message":"Bad Request","explain":"Parameter[files] should be a file.","errors":[{"expected":"a file","got":"LICENSE","parameter":"files","source":"Parameter"}]}
//! $ curl -F note=none -F film=@LICENSE localhost:9090/stream
//! note: 4 bytes
//! film: 1079 bytes
//! ```

use std::path::PathBuf;

use serde::Serialize;
use vernal::{Json, Limits, Multipart, MultipartFile, Result, State, request_map, server};

/// Where uploads are stored.
struct Folder(PathBuf);

#[request_map("/", method = "GET")]
fn page() -> &'static str {
    include_str!("upload.html")
}

#[derive(Serialize)]
struct Stored {
    name: String,
    size: u64,
}

#[derive(Serialize)]
struct Album<'a> {
    album: &'a str,
    stored: Vec<Stored>,
}

const LARGE: Limits = Limits::new().upload_size(8 << 30);

/// The form has come when this runs: its texts are parameters, and its large files lie in temporary files.
#[request_map("/upload", method = "POST", limits = LARGE)]
async fn upload<'a>(
    State(folder): State<&Folder>,
    files: Vec<MultipartFile<'_>>,
    #[arg(default = "untitled")] album: &'a str,
) -> Result<Json<Album<'a>>> {
    let mut stored = Vec::new();
    for file in files {
        // `filename()` is whatever the peer sent; this is safe in a path.
        let name = file.safe_name();
        file.save_over(folder.0.join(&name)).await?;
        stored.push(Stored { name, size: file.size() });
    }
    Ok(Json(Album { album, stored }))
}

/// This runs while the form comes: nothing of it is kept.
#[request_map("/stream", method = "POST", limits = LARGE)]
async fn stream(mut form: Multipart) -> Result<String> {
    let mut told = String::new();
    while let Some(mut part) = form.next().await? {
        let mut size = 0;
        while let Some(piece) = part.read().await? {
            size += piece.len();
        }
        told += &format!("{}: {size} bytes\n", part.name());
    }
    Ok(told)
}

fn main() -> Result {
    let folder = PathBuf::from(std::env::var_os("UPLOADS").unwrap_or("uploads".into()));
    std::fs::create_dir_all(&folder)?;
    // Temporary files on the same file system become the stored ones without being copied.
    server::new().upload_directory(&folder).state(Folder(folder)).start()
}
