//! What is new, as a stream; and questions that are answered over a WebSocket.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vernal::websocket::WebSocketSession;
use vernal::{Event, Json, Result, Sse, State, request_map, websocket_handler};

use super::stock::{Article, Stock};

/// Tells of articles, one event for each.
#[request_map("/news", method = "GET")]
fn news(
    State(stock): State<&Arc<Stock>>,
    /// How many at most.
    #[arg(range = 1..=10, default = 10)]
    count: usize,
) -> Sse {
    let articles: Vec<Article> = stock.articles().values().take(count).cloned().collect();
    let tell = |article| Event::json(&article).map(|event| event.name("article"));
    Sse::new(futures_util::stream::iter(articles.into_iter().map(tell)))
}

/// What somebody asks.
#[derive(Deserialize, JsonSchema)]
struct Question {
    question: String,
}

/// What there is of it.
#[derive(Serialize, JsonSchema)]
struct Advice {
    articles: Vec<Article>,
}

#[derive(Default)]
struct Advisor;

/// Gives advice.
#[websocket_handler("/advice", sends(Json<Advice>))]
impl Advisor {
    /// Looks for articles whose names hold what is asked for.
    async fn on_message(
        &self,
        session: &WebSocketSession,
        State(stock): State<&Arc<Stock>>,
        Json(asked): Json<Question>,
    ) -> Result {
        let is_it = |article: &&Article| article.what.name.contains(&asked.question);
        let articles = stock.articles().values().filter(is_it).take(10).cloned().collect();
        session.send(Json(Advice { articles })).await
    }
}
