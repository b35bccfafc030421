//! The import of an attribute that another one has read is not unused.

#![deny(warnings)]

mod blocks {
    use vernal::{controller, request_map};

    #[derive(Default)]
    struct Shop;

    #[controller("/shop")]
    impl Shop {
        #[request_map("/buy")]
        fn buy(&self) {}
    }
}

mod the_other_way_round {
    use vernal::{controller, request_map};

    #[derive(Default)]
    struct Shop;

    #[request_map("/other")]
    #[controller]
    impl Shop {
        #[vernal::request_map("/buy")]
        fn buy(&self) {}
    }
}

mod conditions {
    use vernal::{request_map, route};

    #[request_map("/one")]
    #[cfg_attr(all(), route("/two"))]
    fn two() {}
}

fn main() {}
