//! What a visitor wants to buy, kept in his session.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vernal::{Form, Json, OrStatus, Result, Session, State, request_map};

use super::stock::Stock;

#[derive(Serialize, JsonSchema)]
struct Basket {
    lines: Vec<Line>,
    /// In cents.
    sum: u64,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Line {
    /// The number of the article.
    article: u32,
    pieces: u16,
}

impl Basket {
    fn of(pieces: &Pieces, stock: &Stock) -> Basket {
        let articles = stock.articles();
        // What has been taken out since costs nothing.
        let price = |article| articles.get(article).map_or(0, |article| u64::from(article.what.price));
        Basket {
            sum: pieces.iter().map(|(article, pieces)| price(article) * u64::from(*pieces)).sum(),
            lines: pieces
                .iter()
                .map(|(article, pieces)| Line { article: *article, pieces: *pieces })
                .collect(),
        }
    }
}

type Pieces = BTreeMap<u32, u16>;

/// Shows the basket, which is empty at first.
#[request_map("/basket", method = "GET")]
async fn basket(session: Option<Session>, State(stock): State<&Arc<Stock>>) -> Json<Basket> {
    let pieces: Option<Pieces> = session.and_then(|session| session.get("basket"));
    Json(Basket::of(&pieces.unwrap_or_default(), stock))
}

/// Puts pieces of an article into the basket, instead of those that are in it; a browser's form does.
#[request_map("/basket", method = "POST")]
async fn put_in(
    Form(line): Form<Line>,
    session: Session,
    State(stock): State<&Arc<Stock>>,
) -> Result<Json<Basket>> {
    stock.articles().contains_key(&line.article).then_some(()).or_404("there is no such article")?;
    let pieces = session
        .update("basket", |pieces: &mut Pieces| {
            pieces.insert(line.article, line.pieces);
            pieces.clone()
        })
        .await?;
    Ok(Json(Basket::of(&pieces, stock)))
}

/// Empties the basket.
#[request_map("/basket", method = "DELETE", status = 204)]
async fn empty(session: Option<Session>) {
    if let Some(session) = session {
        session.remove("basket");
    }
}
