//! What there is to buy, in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vernal::Bytes;

/// Something to buy.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Article {
    /// Its number in the catalogue.
    pub number: u32,
    #[serde(flatten)]
    pub what: Offer,
}

/// What is said of an article.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// What it is called, which no other article is.
    pub name: String,
    pub kind: Kind,
    /// In cents.
    pub price: u32,
    /// A word or two more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Tea,
    Ware,
}

pub struct Stock {
    articles: Mutex<BTreeMap<u32, Article>>,
    pictures: Mutex<BTreeMap<u32, Bytes>>,
}

impl Stock {
    pub fn new() -> Stock {
        let offers = [("green tea", Kind::Tea, 450), ("tea pot", Kind::Ware, 3_900)];
        let articles = (1..).zip(offers).map(|(number, (name, kind, price))| {
            (number, Article { number, what: Offer { name: name.to_owned(), kind, price, note: None } })
        });
        Stock { articles: Mutex::new(articles.collect()), pictures: Mutex::default() }
    }

    pub fn articles(&self) -> MutexGuard<'_, BTreeMap<u32, Article>> {
        self.articles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of articles that have one.
    pub fn pictures(&self) -> MutexGuard<'_, BTreeMap<u32, Bytes>> {
        self.pictures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
