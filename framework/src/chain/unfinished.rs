//! Answers that name what is still to be fetched, made or written: files, views, content.

use crate::http::{Body, BodyKind, Request, Response, Result};
use crate::resources::open_file;

/// Makes the body of what an answer only names: opens a file, renders a view, writes content.
pub(super) async fn finish_body(request: &Request, response: &mut Response) -> Result {
    match std::mem::take(&mut response.body).0 {
        BodyKind::File(path) => open_file(path, request, response).await?,
        #[cfg(feature = "templates")]
        BodyKind::View(view) => response.body = crate::view::render(*view, &request.context)?,
        #[cfg(feature = "negotiation")]
        BodyKind::Content(value) => crate::content::write(&*value, request, response)?,
        other => response.body = Body(other),
    }
    Ok(())
}
