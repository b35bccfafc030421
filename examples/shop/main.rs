//! A shop that describes itself: what its functions take and answer is its description in OpenAPI, with pages to try it, and in AsyncAPI.
//!
//! Open <http://localhost:9090/docs/> and choose "Try it out". The token of the clerk is `t0ken`.
//!
//! ```console
//! $ cargo run --example shop --features openapi-ui
//! $ curl 'localhost:9090/articles?size=1'
//! {"articles":[{"number":1,"name":"green tea","kind":"tea","price":450}],"total":2}
//! $ curl 'localhost:9090/articles?size=1000'
//! {"code":400,"message":"Bad Request","explain":"Parameter[size] should be 1 to 100, not `1000`.","errors":[{"expected":"1 to 100","got":"1000","parameter":"size","source":"Parameter"}]}
//! $ curl localhost:9090/articles --json '{"name":"mug","kind":"ware","price":900}'
//! {"code":401,"message":"Unauthorized","explain":"Only those who are known may do this, and this request does not say who it is from."}
//! $ curl -i localhost:9090/articles --json '{"name":"mug","kind":"ware","price":900}' -H 'Authorization: Bearer t0ken'
//! HTTP/1.1 201 Created
//! ...
//! {"number":3,"name":"mug","kind":"ware","price":900}
//! $ curl -i localhost:9090/articles --json '{"name":"mug","kind":"ware","price":950}' -H 'Authorization: Bearer t0ken'
//! HTTP/1.1 409 Conflict
//! ...
//! {"code":409,"message":"Conflict","explain":"`mug` is there already"}
//! $ curl localhost:9090/articles/9
//! {"sorry":"there is no article 9","look_at":"/articles"}
//! $ curl -X PUT localhost:9090/articles/1/picture -F picture=@LICENSE -H 'Authorization: Bearer t0ken'
//! {"bytes":1079,"kind":"application/octet-stream"}
//! $ curl localhost:9090/basket -d article=1 -d pieces=2
//! {"lines":[{"article":1,"pieces":2}],"sum":900}
//! $ curl localhost:9090/clerk -H 'Authorization: Bearer t0ken'
//! {"name":"ann"}
//! $ curl -N 'localhost:9090/news?count=1'
//! data: {"number":1,"name":"green tea","kind":"tea","price":450}
//! event: article
//!
//! $ echo '{"question":"green"}' | websocat -n1 ws://localhost:9090/advice
//! {"articles":[{"number":1,"name":"green tea","kind":"tea","price":450}]}
//! ```

mod articles;
mod basket;
mod clerks;
mod errors;
mod news;
mod pictures;
mod stock;

use std::sync::Arc;

use vernal::security::{BearerAuth, SecurityHeaders};
use vernal::{Config, OpenApi, server};

use clerks::clerk_of;
use stock::Stock;

/// Everything but where it listens, so that a test can ask for it as well.
pub fn config() -> Config {
    let description = OpenApi::new("Shop", "1.2.0")
        .description("Tea, and what one drinks it from.")
        .license("MIT", "MIT")
        .at("/openapi.json")
        .ui("/docs");
    Config::new()
        .filter("/**", SecurityHeaders::new())
        .filter("/articles/**", BearerAuth::new(clerk_of).optional())
        .filter("/clerk", BearerAuth::new(clerk_of))
        .state(Arc::new(Stock::new()))
        .openapi(description)
        .asyncapi("/asyncapi.json")
}

fn main() -> vernal::Result {
    server::new().config(config()).start()
}
