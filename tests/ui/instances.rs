use std::cell::Cell;

use vernal::{controller, request_map};

struct NoDefault;

#[controller]
impl NoDefault {
    #[request_map("/a")]
    fn a(&self) {}
}

#[request_map("/b")]
impl NoDefault {
    #[request_map]
    fn b(&self) {}
}

#[derive(Default)]
struct NotSync(Cell<u8>);

#[controller]
impl NotSync {
    #[request_map("/c")]
    fn c(&self) -> String {
        self.0.get().to_string()
    }
}

struct Built(u8);

#[controller(new = 3)]
impl Built {
    #[request_map("/d")]
    fn d(&self) -> String {
        self.0.to_string()
    }
}

#[controller(new = |size: u8| Built(size))]
impl Built {
    #[request_map("/e")]
    fn e(&self) {}
}

fn main() {}
