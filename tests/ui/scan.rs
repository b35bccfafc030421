vernal::scan!("src/controllers");
vernal::scan!();
vernal::scan!(my-controllers);
vernal::scan!(no_such_crate);

fn main() {}
