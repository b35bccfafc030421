//! Pictures of articles: files that are sent in a form.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use vernal::security::Identity;
use vernal::{Bytes, Json, MultipartFile, OrStatus, Result, State, request_map};

use super::articles::missing;
use super::clerks::Clerk;
use super::stock::Stock;

#[derive(Serialize, JsonSchema)]
struct Stored {
    bytes: usize,
    /// Its content type.
    kind: String,
}

/// Stores the picture of an article.
#[request_map("/articles/{number}/picture", method = "PUT")]
async fn store(
    Identity(_clerk): Identity<&Clerk>,
    number: u32,
    picture: MultipartFile<'_>,
    State(stock): State<&Arc<Stock>>,
) -> Result<Json<Stored>> {
    let bytes = picture.bytes().await?;
    stock.articles().contains_key(&number).then_some(()).or_404(missing(number))?;
    let stored = Stored { bytes: bytes.len(), kind: picture.content_type().to_owned() };
    stock.pictures().insert(number, bytes);
    Ok(Json(stored))
}

/// Shows the picture of an article.
#[request_map("/articles/{number}/picture", method = "GET", responses(204 = "It has none."))]
fn show(number: u32, State(stock): State<&Arc<Stock>>) -> Result<(u16, Bytes)> {
    stock.articles().contains_key(&number).then_some(()).or_404(missing(number))?;
    Ok(stock.pictures().get(&number).map_or((204, Bytes::new()), |picture| (200, picture.clone())))
}
