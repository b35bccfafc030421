use vernal::{RegGroup, request_map};

#[request_map(regexp = "^/(a")]
fn does_not_compile() {}

#[request_map(regexp = "^/(a)/(b)")]
fn no_third_group(#[arg(group = 3)] a: RegGroup<&str>) -> &str {
    a.0
}

#[request_map(regexp = "^/a")]
fn no_group_at_all(a: RegGroup<&str>) -> &str {
    a.0
}

#[request_map("/a")]
fn mapped_by_a_path(a: RegGroup<&str>) -> &str {
    a.0
}

#[request_map("/b")]
fn group_without_regexp(#[arg(group = 1)] a: RegGroup<&str>) -> &str {
    a.0
}

#[request_map(regexp = "^/c/(.+)")]
fn path_value(c: vernal::PathValue<&str>) -> &str {
    c.0
}

#[request_map(regexp = "^/d/(.+)")]
fn one_group(#[arg(group = 2)] d: RegGroup<&str>) -> &str {
    d.0
}

fn main() {}
