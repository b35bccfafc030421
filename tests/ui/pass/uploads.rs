//! Files, fields and a form may stand in one handler; a form in parts is read by itself.

use serde::Deserialize;
use vernal::{Form, Multipart, MultipartFile, Result, request_map};

#[derive(Deserialize)]
struct Fields {
    title: String,
}

#[request_map("/a", method = "POST")]
fn files(
    img: MultipartFile<'_>,
    #[arg(name = "other-img")] other: Option<MultipartFile<'_>>,
    #[arg(default)] more: Vec<MultipartFile<'_>>,
    seen: Result<MultipartFile<'_>>,
    Form(fields): Form<Fields>,
    title: &str,
) -> String {
    format!("{} {} {} {} {} {title}", img.size(), other.is_some(), more.len(), seen.is_ok(), fields.title)
}

#[request_map("/b", method = "POST")]
async fn parts(mut form: Multipart) -> Result {
    while let Some(part) = form.next().await? {
        part.name();
    }
    Ok(())
}

fn main() {}
