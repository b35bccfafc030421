//! Mappings of another crate, in private modules nobody names, are served once the crate is.

use vernal::test::Client;

vernal::scan!(my_controllers);

#[tokio::test]
async fn a_crate_that_is_named_is_served() {
    let client = Client::builder().app("elsewhere").build();
    client.get("/elsewhere/ann").await.assert_status(200).assert_text("ann is elsewhere");
}
