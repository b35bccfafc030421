//! The framework under another name, which the manifest gives it, and through a crate that hands it on, by
//! `crate = path`: each attribute stands once in the crates `renamed` and `facade_user`.

mod both;

use vernal::test::Client;

#[tokio::test]
async fn every_attribute_finds_the_framework() {
    let crates = [("renamed", renamed::files()), ("facade", facade_user::files())];
    let table = [
        ("/plain", "nobody"),
        ("/plain/ann?times=2", "annann"),
        ("/models?one=1&two=2", "1 2"),
        ("/reg/abc", "abc"),
        ("/shop/buy/tea", "tea is yours"),
        ("/fresh/here", "fresh"),
        ("/users/3", "user 3"),
        ("/found", "found"),
    ];
    for (app, files) in crates {
        let client = Client::builder().app(app).resources("/files/**", files).build();
        for (path, expected) in table {
            client.get(path).await.assert_status(200).assert_text(expected);
        }
        client.get("/plain").await.assert_header("x-filter", "1").assert_header("x-plain", "1");
        client.get("/fails").await.assert_status(418).assert_text("page: a teapot");
        client.get("/files/a.txt").await.assert_status(200).assert_text("a file\n");
        let mut ws = client.websocket("/ws/loop").await;
        ws.send("a").await.expect("an open session");
        ws.expect_text("a").await;
        let mut ws = client.websocket("/ws/object").await;
        ws.send("a").await.expect("an open session");
        ws.expect_text("A").await;
        let mut ws = client.websocket("/ws/functions").await;
        ws.expect_text("open").await;
        ws.send("a").await.expect("an open session");
        ws.expect_text("a").await;
    }
    Client::builder().app("facade").build().get("/macro").await.assert_text("by a macro");
}

/// Each name that Rust gives to every file means the same beside the prelude; a name that two stars bring would be refused.
mod beside_std {
    #![allow(dead_code, unused_imports)]

    use std::prelude::rust_2024::*;
    use vernal::prelude::*;

    type Types = (Option<u8>, Vec<u8>, String, Box<dyn Fn() -> u8>);

    trait Traits:
        AsRef<str> + Clone + Default + Eq + From<&'static str> + Into<String> + Ord + Send + Sync + Unpin
    {
    }

    fn variants(text: &str) -> Option<char> {
        text.chars().rev().next_back().map_or_else(|| None, Some).ok_or(drop::<u8>).ok()
    }
}

/// All attributes come with the prelude.
mod attributes {
    use vernal::prelude::*;

    struct Made;

    #[component(app = "preluded")]
    fn made() -> Made {
        Made
    }

    #[on_start(app = "preluded")]
    fn starts(State(Made): State<&Made>) {}

    #[on_stop(app = "preluded")]
    fn stops() {}

    #[cfg(feature = "config")]
    #[config("preluded", app = "preluded")]
    #[derive(serde::Deserialize)]
    struct Preluded {}

    #[route("/preluded", app = "preluded")]
    fn mapped() -> &'static str {
        "mapped"
    }

    #[tokio::test]
    async fn are_known() {
        let builder = vernal::test::Client::builder().app("preluded");
        #[cfg(feature = "config")]
        let builder = builder.state(Preluded {});
        builder.build().get("/preluded").await.assert_text("mapped");
    }
}

/// `Result` of the prelude is std's, but for its defaults.
mod result {
    use vernal::prelude::*;

    fn of_std(text: &str) -> Result<u8, std::num::ParseIntError> {
        text.parse()
    }

    fn of_two(text: &str) -> Result<Result<u8, String>, ()> {
        Result::Ok(of_std(text).map_err(|error| error.to_string()))
    }

    fn ours(text: &str) -> Result<u8> {
        Ok(of_std(text)?)
    }

    #[test]
    fn is_that_of_std() {
        assert!(of_std("x").is_err() && of_two("1") == Ok(Ok(1)));
        assert_eq!(ours("x").map_err(|error| error.status()), Err(StatusCode::INTERNAL_SERVER_ERROR));
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
