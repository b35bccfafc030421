//! A directory that `embed!` is not told by a text.

fn main() {
    let _ = vernal::embed!(assets);
    let _ = vernal::embed!();
}
