use vernal::request_map;

#[request_map("/a")]
unsafe fn not_safe() {}

#[request_map("/b")]
extern "C" fn of_c() {}

#[request_map("/c")]
const fn constant() {}

#[request_map("/d")]
fn generic<T>(_: T) {}

#[request_map("/e")]
fn anything(_: impl Copy) {}

fn main() {}
