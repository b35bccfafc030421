//! Which patterns there are, and what they match.

use super::*;

#[test]
fn patterns_match_and_capture() {
    // Values as `name=text`, stars as `*=text`; `-` is no match.
    let table = [
        ("/", "/", ""),
        ("", "/", ""),
        ("/", "/a", "-"),
        ("/index", "/index", ""),
        ("index", "/index", ""),
        ("/index", "/index/", "-"),
        ("/index", "/Index", "-"),
        ("/index", "/inde", "-"),
        ("/index/", "/index/", ""),
        ("/index/", "/index", "-"),
        ("/pv/{pval}/{path_val}/x", "/pv/a.b/c@d/x", "pval=a.b path_val=c@d"),
        ("/pv/{pval}/{path_val}/x", "/pv/x y/中/x", "pval=x y path_val=中"),
        ("/pv/{pval}/x", "/pv//x", "-"),
        ("/{x}", "/", "-"),
        ("/{x}", "/a/", "-"),
        ("/{x}/", "/a/", "x=a"),
        ("/{x}", "/a\0b", "x=a\0b"),
        ("/{a}-{b}", "/x-y", "a=x b=y"),
        ("/v{major}.{minor}/x", "/v1.2/x", "major=1 minor=2"),
        ("/{file}.json", "/a.b.json", "file=a.b"),
        ("/{file}.json", "/.json", "-"),
        ("/star/*", "/star/c", "*=c"),
        ("/star/*", "/star/c/d", "-"),
        ("/star/*", "/star/", "-"),
        ("/star/*", "/star", "-"),
        ("*/star", "/c/star", "*=c"),
        ("*/star", "/c/d/star", "-"),
        ("*/starx", "/starx", "-"),
        ("/star/**", "/star/c", "*=c"),
        ("/star/**", "/star/c/d", "*=c/d"),
        ("/star/**", "/star/c/", "*=c/"),
        ("/star/**", "/star/", "*="),
        ("/star/**", "/star", "*="),
        ("/star/**", "/starx/a", "-"),
        ("/star/**", "/starx", "-"),
        ("/star/**", "/sta", "-"),
        ("/star/**", "/star\0", "-"),
        ("/star/**", "/", "-"),
        ("/{x}/**", "/a", "x=a *="),
        ("/{x}/**", "/a/", "x=a *="),
        ("/{x}/**", "/a/b/", "x=a *=b/"),
        ("/{x}/**", "/", "-"),
        ("/{x}.d/**", "/a.d", "x=a *="),
        ("**/star", "/c/star", "*=c"),
        ("**/star", "/c/d/star", "*=c/d"),
        ("/**/star", "/c/d/star", "*=c/d"),
        ("**/star", "/star", "*="),
        ("**/star", "/xstar", "-"),
        ("**/star", "/star/", "-"),
        ("**/star", "/", "-"),
        ("**/star", "/c/star/", "-"),
        ("**/star/", "/c/star/", "*=c"),
        ("**/star/", "/star/", "*="),
        ("**/star/", "/star", "-"),
        ("**/", "/a/b/", "*=a/b"),
        ("**/", "/", "*="),
        ("**/{a}/{b}", "/x/y/z", "*=x a=y b=z"),
        ("**/{a}/{b}", "/y/z", "*= a=y b=z"),
        ("**/{a}/{b}", "/z", "-"),
        ("/*", "/a", "*=a"),
        ("*", "/a", "*=a"),
        ("/**", "/a/b", "*=a/b"),
        ("**", "/a", "*=a"),
        ("/**", "/", "*="),
        ("**", "/", "*="),
        ("/**", "/a/", "*=a/"),
        ("*.css", "/a.css", "*=a"),
        ("*.css", "/d/a.css", "-"),
        ("*.css", "/.css", "-"),
        ("**.css", "/a.css", "*=a"),
        ("**.css", "/d/a.css", "*=d/a"),
        ("**.css", "/.css", "-"),
        ("**.css", "/d/a.csss", "-"),
        ("**.d/{x}", "/a/b.d/c", "*=a/b x=c"),
        ("/img*", "/img1", "*=1"),
        ("/img*", "/img", "-"),
        ("/a/img**", "/a/img/1", "*=/1"),
        ("/a/img**", "/a/img", "-"),
        ("/{x}-*", "/a-b", "x=a *=b"),
        ("/中文/{x}", "/中文/a", "x=a"),
        ("/%E4%B8%AD%e6%96%87/{x}", "/中文/a", "x=a"),
        ("/a%2Fb", "/a\0b", ""),
        ("/a%2Fb", "/a/b", "-"),
        ("/%7Bx%7D", "/{x}", ""),
        ("/a%2A", "/a*", ""),
        ("/a b", "/a b", ""),
        ("/100%25", "/100%", ""),
    ];
    for (source, path, expected) in table {
        let pattern = Pattern::parse(source).expect(source);
        let mut values = Vec::new();
        let matches = pattern.capture(path, &mut |name, span| {
            values.push(format!("{}={}", name.unwrap_or("*"), span.text(path)));
        });
        let found = if matches { values.join(" ") } else { "-".to_owned() };
        assert_eq!(found, expected, "{source} on {path}");
        assert_eq!(
            pattern.exact().is_some_and(|exact| exact == path),
            matches && !source.contains(['{', '*'])
        );
    }
}

#[test]
fn mistakes_are_named() {
    let table = [
        ("/a/*/b", "star in the middle"),
        ("/a/**/b", "star in the middle"),
        ("/a*b", "star in the middle"),
        ("/a/*/", "star in the middle"),
        ("*/a/*", "star at both ends"),
        ("**/a/**", "star at both ends"),
        ("/***", "3 stars"),
        ("/{a", "`{` without `}`"),
        ("/a}", "`}` without `{`"),
        ("/{}", "without a name"),
        ("/{a b}", "`{a b}`"),
        ("/{a:[0-9]+}", "use `regexp"),
        ("/{{a}}", "`{{a}`"),
        ("/{a}{b}", "nothing between them"),
        ("/{a}*", "nothing between them"),
        ("/{a}-**", "`**` beside a variable"),
        ("/{a}/{a}", "two variables `a`"),
        ("//a", "empty segment"),
        ("/a//", "empty segment"),
        ("/a/../b", "segment `..`"),
        ("/.", "segment `.`"),
        ("/a?b=c", "params ="),
        ("/a#b", "%23"),
        ("/100%", "write `%25`"),
        ("/%zz", "write `%25`"),
        ("/%ff", "not UTF-8"),
        ("/%00", "NUL"),
        ("/\0", "NUL"),
    ];
    for (source, expected) in table {
        let problem = Pattern::parse(source).expect_err(source);
        assert!(problem.contains(expected) && problem.starts_with("the path `"), "{source}: {problem}");
    }
}

#[test]
fn shapes_forget_names_and_nothing_else() {
    let table = [
        ("/qq/{x}", "/qq/{}"),
        ("/qq/*", "/qq/{}"),
        ("qq/**", "/qq/**"),
        ("**/qq", "/**/qq"),
        ("**.css", "/**.css"),
        ("/a**", "/a**"),
        ("/{a}-{b}", "/{}-{}"),
        ("/%7B%7D", "/%7B%7D"),
        ("/a%2Fb%2A", "/a%2Fb%2A"),
        ("", "/"),
        ("/a/", "/a/"),
    ];
    for (source, expected) in table {
        assert_eq!(Pattern::parse(source).expect(source).shape(), expected, "{source}");
    }
}

#[test]
fn the_more_specific_comes_first() {
    let ordered = [
        "/a/b",
        "/a/{x}.json",
        "/a/{x}-{y}",
        "/a/{x}",
        "/a/b**",
        "/a/**",
        "/{x}/a/b",
        "/{x}/a/{y}",
        "/{x}/a",
        "/{x}/a/**",
        "/{x}/{y}",
        "/{x}",
        "/{x}/**",
        "/a**",
        "**/a/b",
        "**/a",
        "**/{x}",
        "**.css",
        "/**",
    ];
    let specificity = |source: &&'static str| Pattern::parse(source).expect(source).specificity();
    for pair in ordered.windows(2) {
        let [more, less] = [specificity(&pair[0]), specificity(&pair[1])];
        assert!(more < less, "{} {more:?} before {} {less:?}", pair[0], pair[1]);
    }
    assert_eq!(specificity(&"/{a}-{b}"), specificity(&"/{c}.{d}"));
    assert_eq!(specificity(&"/qq/*"), specificity(&"/qq/{x}"));
}
