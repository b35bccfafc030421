use vernal::{Arg, ModelBinding, Request, Result, request_map};

struct Person;

impl ModelBinding<'_> for Person {
    async fn bind(_: &Request, _: &Arg) -> Result<Self> {
        Ok(Person)
    }
}

#[request_map("/a")]
fn plain(_person: Person) {}

fn main() {}
