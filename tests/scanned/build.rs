//! Makes Cargo look for new controllers.

fn main() {
    println!("cargo::rerun-if-changed=src/controllers");
    println!("cargo::rerun-if-changed=src/shop");
}
