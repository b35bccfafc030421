use vernal::{Request, Response, request_map};

#[request_map("/a")]
fn unknown(#[arg(defualt = 3)] a: u32) -> String {
    a.to_string()
}

#[request_map("/b")]
fn text(#[arg("X-Token")] a: &str) -> &str {
    a
}

#[request_map("/c")]
fn twice(#[arg(default)] #[arg(name = "b")] a: u32) -> String {
    a.to_string()
}

#[request_map("/d")]
fn default_of_another_type(#[arg(default = "x")] a: u8) -> String {
    a.to_string()
}

struct Colour;

impl vernal::FromValue<'_> for Colour {
    fn from_value(_: &str) -> vernal::Result<Self> {
        Ok(Colour)
    }
}

#[request_map("/e")]
fn no_default(#[arg(default)] _colour: Colour) {}

#[request_map("/f")]
fn response(#[arg(name = "x")] _res: &mut Response) {}

#[request_map("/g")]
fn conditional(#[cfg(all())] _req: &Request) {}

#[request_map("/h")]
fn empty_name(#[arg(name = "")] a: &str) -> &str {
    a
}

#[request_map("/i")]
fn perhaps(#[cfg_attr(all(), arg(default))] a: u8) -> String {
    a.to_string()
}

fn main() {}
