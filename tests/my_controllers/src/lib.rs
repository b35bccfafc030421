//! A crate of controllers that nobody calls: it is served because `vernal::scan!(my_controllers)` names it.

mod nested {
    mod deeper {
        use vernal::request_map;

        #[request_map("/elsewhere/{name}", app = "elsewhere")]
        fn elsewhere(name: &str) -> String {
            format!("{name} is elsewhere")
        }
    }
}
