vernal::scan!("src/controllers");
vernal::scan!("src/controllers", my_controllers);
vernal::scan!("src/a", "*.rs", "src/b");
vernal::scan!();
vernal::scan!(my-controllers);
vernal::scan!(no_such_crate);

fn main() {}
