//! Attributes as other frameworks have them, by the prelude or by name.

use vernal::prelude::*;

#[get("/users/{id}")]
fn user(id: u32) -> String {
    id.to_string()
}

#[post]
fn nowhere() {}

#[derive(Default)]
struct Shop;

#[controller("/shop")]
impl Shop {
    #[request_map("/all")]
    fn all(&self) {}

    #[delete("/{id}", order = 1)]
    fn delete(&self, id: u32) {
        let _ = id;
    }
}

/// Named one by one.
mod by_name {
    use vernal::{get, options};

    #[get("/names")]
    fn names() {}

    #[options("/names")]
    async fn choices() {}

    #[vernal::head("/names")]
    fn heads() {}
}

fn main() {}
