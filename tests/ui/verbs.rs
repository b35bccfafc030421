//! Attributes as other frameworks have them, where the prelude is in use.

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

fn main() {}
