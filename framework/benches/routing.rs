//! From method and path to the mapping, among 10, 100 and 1,000 of them: the cost must not grow with their number,
//! beyond what the processor's caches cost.
//!
//! `cargo bench -p vernal --bench routing`. Every round asks for the next path, so that no branch is learnt by heart.

use divan::Bencher;
use vernal::__bench::Routing;
use vernal::__private::{BodyUse, Handler, Location, Mapping, Needs, Route};
use vernal::Method;

const SIZES: [usize; 3] = [10, 100, 1_000];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn static_paths(bencher: Bencher, size: usize) {
    find(bencher, size, Some(0), |number| format!("/static{number}/page"));
}

#[divan::bench(args = SIZES)]
fn one_variable(bencher: Bencher, size: usize) {
    find(bencher, size, Some(1), |number| format!("/items{number}/{number}5"));
}

#[divan::bench(args = SIZES)]
fn two_variables(bencher: Bencher, size: usize) {
    find(bencher, size, Some(2), |number| format!("/users{number}/{number}5/posts/12345"));
}

#[divan::bench(args = SIZES)]
fn misses(bencher: Bencher, size: usize) {
    find(bencher, size, None, |number| format!("/nothing{number}/{number}5"));
}

/// Asks for one path after the other; each must be found with so many variables, or not at all.
fn find(bencher: Bencher, size: usize, variables: Option<usize>, path: impl Fn(usize) -> String) {
    let routes: Vec<_> = (0..size).map(route).collect();
    let mut routing = Routing::build(&routes).expect("no path is mapped twice");
    let paths: Vec<_> = (0..size).filter(|number| number % 3 == variables.unwrap_or(0)).map(path).collect();
    for path in &paths {
        assert_eq!(routing.find(&Method::GET, path), variables, "{path}");
    }
    let mut paths = paths.iter().cycle();
    bencher.bench_local(|| paths.next().map(|path| routing.find(&Method::GET, path)));
}

/// One third of the mappings has no variable, one third one, one third two.
fn route(number: usize) -> &'static Route {
    let path = match number % 3 {
        0 => format!("/static{number}/page"),
        1 => format!("/items{number}/{{id}}"),
        _ => format!("/users{number}/{{id}}/posts/{{post}}"),
    };
    let paths: &'static [&'static str] = Box::leak(Box::new([&*path.leak()]));
    Box::leak(Box::new(Route {
        mapping: Mapping { paths, methods: &["GET"], ..Mapping::ANY },
        handler: Handler::Now(|_, _| Ok(())),
        needs: Needs { body: BodyUse::None, states: &[] },
        limits: None,
        decompress: None,
        endpoint: false,
        at: Location { file: file!(), line: number as u32, column: 1, module: module_path!(), name: "route" },
    }))
}
