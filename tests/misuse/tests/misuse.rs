//! As `tests/ui.rs`, for attributes that need features. Write the messages anew with
//! `TRYBUILD=overwrite cargo test -p misuse`, and read them as a user would.

#[test]
fn misuse_is_told_while_compiling() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
