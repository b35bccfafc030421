use vernal::request_map;

#[request_map("/users/{id}", method = ["GET", "POST"])]
fn one(id: u32) -> String {
    id.to_string()
}

mod elsewhere {
    #[vernal::request_map("/users/{name}", method = "GET")]
    fn two(name: &str) -> &str {
        name
    }
}

#[request_map("/any")]
fn three() {}

#[request_map("any")]
fn four() {}

fn main() {}
