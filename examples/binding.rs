//! Arguments are filled by their names and types, in any order.
//!
//! ```console
//! $ cargo run --example binding
//! $ curl 'localhost:9090/rooms/7?guest=ann&guest=bob&late=yes'
//! room 7 for ann, bob; breakfast: none, late: true
//! $ curl 'localhost:9090/rooms/attic?guest=ann'
//! {"code":404,"message":"Not Found","explain":"PathValue[number] should be an integer from 0 to 255, not `attic`.","errors":[{"expected":"an integer from 0 to 255","got":"attic","parameter":"number","source":"PathValue"}]}
//! $ curl localhost:9090/rooms/7
//! {"code":400,"message":"Missing Parameter","explain":"Parameter[guest] is required: a text. For a list that may be empty write `Option<Vec<…>>` or `#[arg(default)]`.","errors":[{"expected":"a text","got":null,"parameter":"guest","source":"Parameter"}]}
//! $ curl localhost:9090/who -A teapot -H 'X-Token: secret' -b visits=3
//! teapot knows the token, visit 4
//! $ curl 'localhost:9090/search?q=tea&tag=green&tag=hot&page=2'
//! tea, page 2, tagged green hot
//! $ curl localhost:9090/orders --json '{"article":"cup","pieces":2}'
//! {"article":"cup","pieces":2}
//! $ curl localhost:9090/orders -d article=cup -d pieces=2
//! {"code":415,"message":"Unsupported Media Type","explain":"The content type of this request must be \"application/json\" or \"application/*+json\", not `application/x-www-form-urlencoded`.","errors":[{"expected":"a body of the content type application/json or application/*+json","got":"`application/x-www-form-urlencoded`","parameter":"order","source":"Body"}]}
//! $ curl localhost:9090/rates/7 -d stars=4
//! 4 of 5 stars for room 7
//! $ curl localhost:9090/rates/7 -d stars=6
//! {"code":400,"message":"Bad Request","explain":"there are 5 stars","errors":[{"expected":"a valid value","got":"6","parameter":"stars","source":"Parameter"}]}
//! $ curl localhost:9090/me -H 'Authorization: Bearer ann'
//! ann at /me
//! ```

use serde::{Deserialize, Serialize};
use vernal::{
    Arg, Cookie, Error, FromValue, Header, Json, Model, Request, Result, model_binding, request_map, server,
};

/// A bare argument is a variable of the path, else a parameter of the form or the query. `Vec` takes all values,
/// `Option` may be absent, a default is an expression.
#[request_map("/rooms/{number}")]
fn room(number: u8, guest: Vec<&str>, breakfast: Option<&str>, #[arg(default)] late: bool) -> String {
    let breakfast = breakfast.unwrap_or("none");
    format!("room {number} for {}; breakfast: {breakfast}, late: {late}", guest.join(", "))
}

/// Wrappers say where else to look. An underscore also stands for the hyphen of a header's name.
#[request_map("/who")]
fn who(
    user_agent: Header<&str>,
    #[arg(name = "X-Token")] token: Option<Header<&str>>,
    #[arg(default = 0)] visits: Cookie<u32>,
) -> String {
    let knows = if token.is_some() { "knows" } else { "lacks" };
    format!("{user_agent} {knows} the token, visit {}", *visits + 1)
}

#[derive(Deserialize)]
struct Search {
    q: String,
    page: Option<u32>,
    #[serde(default)]
    tag: Vec<String>,
}

/// All parameters as one struct.
#[request_map("/search")]
fn search(Model(search): Model<Search>) -> String {
    format!("{}, page {}, tagged {}", search.q, search.page.unwrap_or(1), search.tag.join(" "))
}

/// The texts are borrowed from the request: nothing is copied.
#[derive(Deserialize, Serialize)]
struct Order<'a> {
    article: &'a str,
    pieces: u32,
}

#[request_map("/orders", method = "POST")]
fn order<'a>(order: Json<Order<'a>>) -> Json<Order<'a>> {
    order
}

/// A type of one value.
struct Stars(u8);

impl FromValue<'_> for Stars {
    fn from_value(raw: &str) -> Result<Stars> {
        let stars = raw.parse()?;
        if stars > 5 { Err(Error::bad_request("there are 5 stars")) } else { Ok(Stars(stars)) }
    }
}

#[request_map("/rates/{room}", method = "POST")]
fn rate(room: u8, stars: Stars) -> String {
    format!("{} of 5 stars for room {room}", stars.0)
}

/// A type of the whole request. As an `async fn` it could ask a database.
struct User(String);

#[model_binding]
fn user(req: &Request, _: &Arg) -> Result<User> {
    let token = req.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let name = token.ok_or_else(|| Error::unauthorized("send `Authorization: Bearer NAME`"))?;
    Ok(User(name.to_owned()))
}

#[request_map("/me")]
async fn me(user: User, req: &Request) -> String {
    format!("{} at {}", user.0, req.path())
}

fn main() -> Result {
    server::start()
}
