//! Articles: listed, read, made, changed and taken out.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use vernal::security::Identity;
use vernal::{Error, Json, OrStatus, Result, State, controller, request_map};

use super::clerks::Clerk;
use super::stock::{Article, Kind, Offer, Stock};

pub struct Articles {
    stock: Arc<Stock>,
}

#[derive(Serialize, JsonSchema)]
struct Page {
    articles: Vec<Article>,
    /// How many there are on all pages.
    total: usize,
}

/// What can be bought.
#[controller("/articles", new = Articles::new)]
impl Articles {
    fn new(State(stock): State<&Arc<Stock>>) -> Articles {
        Articles { stock: Arc::clone(stock) }
    }

    /// Lists articles.
    #[request_map(method = "GET")]
    fn list(
        &self,
        /// A part of the name.
        #[arg(length = 1..=40)]
        q: Option<&str>,
        /// These kinds only.
        kind: Option<Vec<Kind>>,
        #[arg(range = 1..=1_000_000, default = 1)] page: usize,
        #[arg(range = 1..=100, default = 20)] size: usize,
    ) -> Json<Page> {
        let articles = self.stock.articles();
        let fits = |article: &&Article| {
            q.is_none_or(|q| article.what.name.contains(q))
                && kind.as_ref().is_none_or(|kinds| kinds.contains(&article.what.kind))
        };
        let page = articles.values().filter(fits).skip((page - 1) * size).take(size);
        Json(Page { articles: page.cloned().collect(), total: articles.values().filter(fits).count() })
    }

    /// Shows one article.
    #[request_map("/{number}", method = "GET")]
    fn show(&self, number: u32) -> Result<Json<Article>> {
        self.stock.articles().get(&number).cloned().map(Json).or_404(missing(number))
    }

    /// Takes an article in. Who asks is the first argument: strangers are not told what is wrong with their bodies.
    #[request_map(method = "POST", status = 201, responses(409 = "There is one of that name."))]
    fn add(&self, Identity(_clerk): Identity<&Clerk>, Json(what): Json<Offer>) -> Result<Json<Article>> {
        let mut articles = self.stock.articles();
        if articles.values().any(|known| known.what.name == what.name) {
            return Err(Error::conflict(format!("`{}` is there already", what.name)));
        }
        let number = articles.keys().last().map_or(1, |last| last + 1);
        let article = Article { number, what };
        articles.insert(number, article.clone());
        Ok(Json(article))
    }

    /// Changes an article.
    #[request_map("/{number}", method = "PUT")]
    fn change(
        &self,
        Identity(_clerk): Identity<&Clerk>,
        number: u32,
        Json(what): Json<Offer>,
    ) -> Result<Json<Article>> {
        let mut articles = self.stock.articles();
        let article = articles.get_mut(&number).or_404(missing(number))?;
        article.what = what;
        Ok(Json(article.clone()))
    }

    /// Takes an article out.
    #[request_map("/{number}", method = "DELETE", status = 204)]
    fn remove(&self, Identity(_clerk): Identity<&Clerk>, number: u32) -> Result {
        self.stock.articles().remove(&number).or_404(missing(number))?;
        self.stock.pictures().remove(&number);
        Ok(())
    }
}

pub fn missing(number: u32) -> String {
    format!("there is no article {number}")
}
