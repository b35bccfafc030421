use vernal::{endpoint, request_map};

#[derive(Default)]
struct Users;

#[endpoint]
impl Users {
    fn get(&self) {}
}

#[endpoint("/a", method = "GET")]
impl Users {
    fn post(&self) {}
}

#[endpoint("/b")]
impl Users {
    fn gett(&self) {}
    fn put(&mut self) {}
}

#[endpoint("/c")]
impl Users {
    #[request_map("/d")]
    fn delete(&self) {}
}

#[endpoint("/e")]
impl Users {
    fn helper(&self) {}
}

#[request_map("/f")]
#[endpoint("/g")]
impl Users {
    fn patch(&self) {}
}

fn main() {}
