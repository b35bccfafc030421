use vernal::{controller, request_map};

#[derive(Default)]
struct Generic<T>(T);

#[controller]
impl<T> Generic<T> {
    #[request_map("/a")]
    fn a(&self) {}
}

trait Trait {
    fn b(&self);
}

#[controller]
impl Trait for Generic<u8> {
    #[request_map("/b")]
    fn b(&self) {}
}

#[controller]
impl Generic<u16> {
    fn helper(&self) {}
}

#[controller]
impl Generic<u32> {
    #[request_map("/c")]
    fn c(&mut self) {}

    #[request_map("/d")]
    fn d(self: Box<Self>) {}

    #[request_map]
    fn e(&self) {}
}

#[controller("/f", per_requst)]
#[request_map("/g", regexp = "^h", blocking)]
impl Generic<u64> {
    #[request_map("/i", app = "j")]
    fn i(&self) {}
}

#[controller]
#[controller]
#[request_map("/k/*")]
impl Generic<i8> {
    #[request_map("/l")]
    fn l(&self) {}
}

#[controller("/m", "/n")]
impl Generic<i16> {
    #[request_map("/o")]
    fn o(&self) {}
}

#[controller(app = "p")]
#[request_map("/q", app = "r")]
impl Generic<i32> {
    #[request_map("/s")]
    fn s(&self) {}
}

fn main() {}
