//! Every misuse of an attribute and its message: one fixture each. Write the messages anew with
//! `TRYBUILD=overwrite cargo test --test ui`, and read them as a user would.

#[test]
fn misuse_is_told_while_compiling() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
