use vernal::{Header, Json, Param, PathValue, SafePath, request_map};

#[request_map("/users/{id}")]
fn slip(idd: PathValue<u32>) -> String {
    idd.to_string()
}

#[request_map("/users/{user}/posts/{post}")]
fn another(user: u32, post: u32, comment: PathValue<u32>) -> String {
    format!("{user} {post} {}", *comment)
}

#[request_map("/teams/{name}", "/teams")]
fn only_in_one(name: PathValue<&str>) -> &str {
    name.0
}

#[request_map("/things/{id}")]
fn unseen() {}

#[request_map("/other/things/{id}")]
fn unseen_beside_others(Json(_body): Json<u8>) {}

#[request_map("/more/things/{number}")]
fn unseen_slip(numbr: u8) -> String {
    numbr.to_string()
}

#[request_map("/notes/{name}")]
fn safe_slip(nam: SafePath<'_>) -> String {
    nam.to_string()
}

#[request_map("/pets/{name}")]
fn parameter(Param(name): Param<String>) -> String {
    name
}

#[request_map("/pets/{pet}/{kind}", method = "PUT")]
fn body(Json(pet): Json<u8>, kind: Option<Header<&str>>) -> String {
    format!("{pet} {}", kind.is_some())
}

#[request_map("/seen/{name}/{id}/{rest}")]
fn seen(name: Option<PathValue<&str>>, id: Option<u8>, rest: vernal::Result<SafePath<'_>>) -> String {
    format!("{} {} {}", name.is_some(), id.is_some(), rest.is_ok())
}

fn main() {}
