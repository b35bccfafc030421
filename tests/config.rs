//! Structs that are read from sections of the settings: what fits them, what is said of what does not, and secrets.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vernal::test::Client;
use vernal::{
    App, Config, Cookie, Form, Header, Model, Param, Secret, Settings, Size, State, config, request_map,
};

#[config("shop", app = "shop")]
#[derive(Debug, Deserialize, PartialEq)]
struct Shop {
    name: String,
    #[serde(default)]
    open: bool,
    port: u16,
    rate: Option<f64>,
    patience: Duration,
    picture: Size,
    tags: Vec<String>,
    level: Level,
    password: Secret<String>,
    cart: Option<Cart>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Low,
    VeryHigh,
    Custom { size: u8 },
    Of(u8),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cart {
    max_items: u32,
    #[serde(default)]
    gift_wrap: bool,
}

#[request_map("/shop", app = "shop")]
fn shop(State(shop): State<&Shop>) -> String {
    format!("{shop:?}")
}

const WHOLE: &str = "[shop]\nname = 'Corner'\nport = 80\nrate = 2\npatience = '30s'\npicture = '10 MiB'\ntags = ['a']\nlevel = 'very-high'\npassword = 'hunter2'\n";

fn config_of(settings: Settings) -> Config {
    Config::new().app("shop").settings(settings)
}

fn said(settings: Settings) -> String {
    App::from_registry(config_of(settings)).err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn a_section_is_a_state() {
    let table = [
        (Settings::toml(WHOLE), r#"level: VeryHigh, password: ***, cart: None }"#),
        (
            Settings::toml(format!("{WHOLE}[shop.cart]\nmaxItems = 3")),
            "cart: Some(Cart { max_items: 3, gift_wrap: false })",
        ),
        (
            Settings::toml(WHOLE).environment([
                ("VERNAL__SHOP__NAME", "80"),
                ("VERNAL__SHOP__PORT", "81"),
                ("VERNAL__SHOP__OPEN", "true"),
                ("VERNAL__SHOP__RATE", "1.5"),
                ("VERNAL__SHOP__PATIENCE", "1m"),
                ("VERNAL__SHOP__PICTURE", "7"),
                ("VERNAL__SHOP__TAGS", "b, c"),
                ("VERNAL__SHOP__LEVEL", "{ custom = { size = 3 } }"),
                ("VERNAL__SHOP__CART__MAXITEMS", "4"),
                ("VERNAL__SHOP__CART__GIFTWRAP", "true"),
            ]),
            r#"Shop { name: "80", open: true, port: 81, rate: Some(1.5), patience: 60s, picture: Size(7), tags: ["b", "c"], level: Custom { size: 3 }, password: ***, cart: Some(Cart { max_items: 4, gift_wrap: true }) }"#,
        ),
        (
            Settings::toml(format!("{WHOLE}[shop.cart]\nmaxItems = 3"))
                .environment([("VERNAL__SHOP__CART__MAX_ITEMS", "5")])
                .arguments(["--shop.level={ of = 7 }"]),
            "level: Of(7), password: ***, cart: Some(Cart { max_items: 5, gift_wrap: false })",
        ),
    ];
    for (settings, expected) in table {
        let client = Client::builder().app("shop").settings(settings).build();
        let answer = client.get("/shop").await;
        assert!(answer.text().contains(expected), "{expected}: {}", answer.text());
    }
    // What a test gives is taken in place of what would be read.
    let fake: Shop = Settings::toml(WHOLE).section("shop").expect("a whole one");
    let client =
        Client::builder().app("shop").state(fake).settings(Settings::toml("[shop]\nname = 3")).build();
    client.get("/shop").await.assert_status(200);
    let client = Client::builder()
        .app("shop")
        .state(Settings::toml(WHOLE).section::<Shop>("shop").expect("a shop"))
        .build();
    client.get("/shop").await.assert_status(200);
}

#[test]
fn all_that_does_not_fit_is_told_at_once() {
    let whole = |changed: &str, line: &str| {
        let lines: Vec<_> =
            WHOLE.lines().map(|old| if old.starts_with(changed) { line } else { old }).collect();
        Settings::toml(lines.join("\n"))
    };
    let table: [(Settings, &[&str]); 18] = [
        (
            Settings::toml(""),
            &[
                "7 problems:",
                "`shop.name` is missing: write `name = …` below `[shop]`, or set VERNAL__SHOP__NAME",
                "`shop.port` is missing",
                "`shop.patience` is missing",
                "`shop.picture` is missing",
                "`shop.tags` is missing",
                "`shop.level` is missing",
                "`shop.password` is missing",
            ],
        ),
        (
            Settings::toml(
                "[shop]\nname = 3\nport = 'x'\npatience = 5\npicture = '10 M'\ntags = 'a'\nlevel = 'hihg'\npassword = 7\nnaem = 1\n[shop.cart]\nmaxItem = 1\nmaxItems = -1",
            ),
            &[
                "10 problems:",
                "Settings::toml:2:8: `shop.name`: expected a text, found the number 3",
                "Settings::toml:3:8: `shop.port`: expected a whole number from 0 to 65535, found the text \"x\"",
                "Settings::toml:4:12: `shop.patience`: expected a time with its unit, such as \"500ms\", \"30s\" or \"1h 30m\", found the number 5",
                "Settings::toml:5:11: `shop.picture`: expected a size such as \"10 MiB\", or a number of bytes, found the text \"10 M\"",
                "Settings::toml:6:8: `shop.tags`: expected a list, found a text",
                "Settings::toml:7:9: `shop.level`: expected \"low\", \"very-high\", \"custom\" or \"of\", found the text \"hihg\"",
                "Settings::toml:8:12: `shop.password`: what stands here is secret, and no `String`: write it in quotes",
                "Settings::toml:9:1: there is no setting `shop.naem`: did you mean `shop.name`?",
                "Settings::toml:11:1: there is no setting `shop.cart.maxItem`: did you mean `shop.cart.maxItems`?",
                "Settings::toml:12:12: `shop.cart.maxItems`: expected a whole number from 0 to 4294967295, found the number -1",
            ],
        ),
        (
            whole("port", "port = 70000"),
            &["`shop.port`: expected a whole number from 0 to 65535, found the number 70000"],
        ),
        (
            whole("tags", "tags = ['a', 3]"),
            &["Settings::toml:7:14: `shop.tags[1]`: expected a text, found the number 3"],
        ),
        (
            whole("level", "level = { custom = { size = 300 } }"),
            &["`shop.level.custom.size`: expected a whole number from 0 to 255"],
        ),
        (whole("level", "level = 'custom'"), &["`shop.level`: `custom` wants a value"]),
        (whole("level", "level = { low = 1 }"), &["`shop.level`: `low` takes no value"]),
        (
            whole("level", "level = { low = 1, of = 2 }"),
            &["expected \"low\", \"very-high\", \"custom\" or \"of\", found a table"],
        ),
        (whole("rate", "rate = 2024-01-01"), &["`shop.rate`: expected a number, found the date 2024-01-01"]),
        (whole("[shop]", "shop = 3"), &["Settings::toml:1:8: `shop`: expected a table, found a number"]),
        (
            whole("[shop]", "[[shop]]").arguments(["--shop.port=1"]),
            &["Settings::toml:1:1: `shop`: expected a table, found a list"],
        ),
        (
            whole("tags", "cart = 3").arguments(["--shop.cart.maxItems=1"]),
            &["Settings::toml:7:8: `shop.cart`: expected a table, found a number", "`shop.tags` is missing"],
        ),
        (
            whole("level", "level = 3").arguments(["--shop.level.of=1"]),
            &[
                "Settings::toml:8:9: `shop.level`: expected \"low\", \"very-high\", \"custom\" or \"of\", found the number 3",
            ],
        ),
        (
            whole("port", "cart = 3")
                .environment([("VERNAL__SHOP__CART", "{ max = 3 }")])
                .arguments(["--shop.cart.maxItems=1"]),
            &["the variable VERNAL__SHOP__CART: there is no setting `shop.cart.max`"],
        ),
        (
            Settings::toml(WHOLE).environment([("VERNAL__SHOP__PORT", "x")]),
            &[
                "the variable VERNAL__SHOP__PORT: `shop.port`: expected a whole number from 0 to 65535, found \"x\"",
            ],
        ),
        (
            Settings::toml(WHOLE).environment([("VERNAL__SHOP__PROT", "1")]),
            &["the variable VERNAL__SHOP__PROT: there is no setting `shop.prot`: did you mean `shop.port`?"],
        ),
        (
            Settings::toml(WHOLE).arguments(["--shop.tags=[1"]),
            &["the argument --shop.tags: `shop.tags`: expected a list, found a text"],
        ),
        (
            Settings::toml(format!("{WHOLE}[limits]\nparts = 'x'")).arguments(["--shop.port=-1"]),
            &["`limits.parts`", "`shop.port`: expected a whole number from 0 to 65535, found \"-1\""],
        ),
    ];
    for (settings, expected) in table {
        let said = said(settings);
        for part in expected {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("found something else"), "{said}");
    }
}

#[config("one", app = "nested")]
#[derive(Deserialize)]
struct One {
    #[serde(default)]
    number: u8,
}

#[config("one.below", app = "nested")]
#[derive(Deserialize)]
struct Below {
    #[serde(default)]
    number: u8,
}

#[config("far.away", app = "nested")]
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Away {
    names: HashMap<u16, String>,
}

#[request_map("/nested", app = "nested")]
fn nested(one: State<&One>, below: State<&Below>, away: State<&Away>) -> String {
    let mut names: Vec<_> = away.names.iter().collect();
    names.sort();
    format!("{} {} {names:?}", one.number, below.number)
}

#[tokio::test]
async fn sections_stand_in_sections() {
    let table = [
        ("", Ok("0 0 []")),
        ("[one]\nnumber = 1\n[one.below]\nnumber = 2\n[far.away.names]\n7 = 'x'", Ok("1 2 [(7, \"x\")]")),
        (
            "[one.below]\nnumbre = 2",
            Err("there is no setting `one.below.numbre`: did you mean `one.below.number`?"),
        ),
        ("[one.belwo]\nnumber = 2", Err("there is no setting `one.belwo`")),
        (
            "[far.awya]\nx = 2",
            Err("Settings::toml:1:6: there is no setting `far.awya`: did you mean `far.away`?"),
        ),
        ("[far.away.names]\nx = 'x'", Err("`far.away.names`: expected a whole number from 0 to 65535")),
        ("[far]\nnumber = 2", Err("there is no setting `far.number`")),
        ("far = 2", Err("`far`: expected a table, found a number")),
    ];
    for (text, expected) in table {
        let config = Config::new().app("nested").settings(Settings::toml(text));
        match (App::from_registry(config), expected) {
            (Ok(_), Ok(expected)) => {
                let client = Client::builder().app("nested").settings(Settings::toml(text)).build();
                client.get("/nested").await.assert_text(expected);
            }
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{text}: {error}"),
            (built, _) => panic!("{text}: {built:?}"),
        }
    }
}

#[config("limits", app = "clash")]
#[derive(Deserialize)]
struct Clash {}

#[config("twice", app = "twice")]
#[derive(Deserialize)]
struct First {}

#[config("twice", app = "twice")]
#[derive(Deserialize)]
struct Second {}

#[request_map("/", app = "twice")]
fn twice() {}

#[request_map("/", app = "clash")]
fn clash() {}

#[test]
fn what_cannot_be_is_told_at_start() {
    let twice = Config::new().app("twice").settings(Settings::toml(""));
    let said = App::from_registry(twice).expect_err("two of a section").to_string();
    assert!(said.contains("`Second` at tests/config.rs:") && said.contains("keep one of them"), "{said}");
    let clash = Config::new().app("clash").settings(Settings::toml("[limits]\nidle_time = '1s'"));
    let said = App::from_registry(clash).expect_err("a section of the server").to_string();
    assert!(said.contains("`Clash` at tests/config.rs:"), "{said}");
    assert!(
        said.contains("is read from `limits`, which is the server's own: call yours otherwise"),
        "{said}"
    );
    assert!(!said.contains("there is no setting"), "{said}");
    let without = App::from_registry(Config::new().app("shop")).expect_err("no settings").to_string();
    assert!(
        without.contains(
            "asks for `State<&config::Shop>`, which is read from the section `shop` of the settings"
        ),
        "{without}"
    );
    assert!(
        without.contains("start the server by `server::configured().start()`, or give some by"),
        "{without}"
    );
    // A file that cannot be read is one mistake, and not one for each state.
    let broken = config_of(Settings::toml("[shop"));
    let said = App::from_registry(broken).expect_err("no TOML").to_string();
    assert!(said.contains("Settings::toml:1:") && !said.contains("State<"), "{said}");
}

#[derive(Debug, Deserialize, Serialize)]
struct Keys {
    one: Secret<u32>,
    many: Vec<Secret<String>>,
    #[serde(flatten)]
    more: More,
}

#[derive(Debug, Deserialize, Serialize)]
struct More {
    other: Option<Secret<u32>>,
    address: Option<Secret<SocketAddr>>,
    path: Option<Secret<PathBuf>>,
}

#[test]
fn a_secret_is_never_shown() {
    let read = |text: &str| Settings::toml(text).section::<Keys>("keys");
    let good = "[keys]\none = 4711\nmany = ['4711']\nother = 4711\naddress = '4.7.1.1:4711'\npath = '4711'";
    let keys = read(good).expect("whole");
    assert_eq!((*keys.one.reveal(), keys.many[0].reveal().as_str()), (4711, "4711"));
    assert_eq!(keys.more.other.clone().map(Secret::into_revealed), Some(4711));
    let json = serde_json::to_string(&keys).expect("JSON");
    for shown in [format!("{keys:?} {}", keys.one), json] {
        assert!(!shown.contains("4711") && shown.contains("***"), "{shown}");
    }
    let wrong = [
        "one = 'x4711'\nmany = []",
        "one = -4711\nmany = []",
        "one = 47110000000000\nmany = []",
        "one = 1\nmany = [4711]",
        "one = 1\nmany = ['a', { x4711 = 4711 }]",
        "one = 1\nmany = []\nother = 'x4711'",
        "one = 1\nmany = []\naddress = 'x4711'",
        "one = 1\nmany = []\nother = [4711]",
        "one = 1\nmany = 'a' \"4711\"",
        "one = 1\nmany = '''4711",
    ];
    for text in wrong {
        let error = read(&format!("[keys]\n{text}")).expect_err(text);
        for shown in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!shown.contains("4711"), "{text}: {shown}");
        }
    }
    let error = serde_json::from_str::<Keys>("{\"one\": \"x4711\", \"many\": []}").expect_err("no number");
    assert!(!error.to_string().contains("4711"), "{error}");
    let settings =
        Settings::toml(good).environment([("VERNAL__KEYS__ONE", "4711")]).arguments(["--keys.one=4711"]);
    assert!(!format!("{settings:?}").contains("4711"), "{settings:?}");
}

#[config("vault", app = "vault")]
#[derive(Deserialize)]
#[expect(dead_code, reason = "only what is told of it counts")]
struct Vault {
    token: Secret<String>,
    pin: Secret<u16>,
    maybe: Option<Secret<u16>>,
    many: Option<Vec<Secret<SocketAddr>>>,
    by_name: Option<HashMap<String, Secret<u16>>>,
    door: Secret<Door>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only what is told of it counts")]
struct Door {
    address: Option<SocketAddr>,
    word: String,
    size: Size,
    level: Option<Level>,
    inner: Option<Secret<Inner>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only what is told of it counts")]
struct Inner {
    key: u8,
}

#[request_map("/", app = "vault")]
fn vault() {}

/// What is missing in a secret, or wrong in a part of it, is told by its name, and never by what is there.
#[test]
fn mistakes_around_secrets_say_what_to_do() {
    const DOOR: &str = "door = { address = '1.1.1.1:1', word = 'x', size = 1 }";
    let vault = |lines: &str| Settings::toml(format!("[vault]\n{lines}"));
    let whole = |lines: &str| vault(&format!("token = 'x'\npin = 1\n{lines}"));
    let variable = |name: &str, value: &str| {
        Settings::toml(format!("[vault]\ntoken = 'x'\n{DOOR}\n"))
            .environment([(name.to_owned(), value.to_owned())])
    };
    let table: &[(Settings, &[&str])] = &[
        (whole(DOOR), &[]),
        (
            Settings::toml(""),
            &[
                "`vault.token` is missing: write `token = …` below `[vault]`, or set VERNAL__VAULT__TOKEN",
                "`vault.pin` is missing",
                "`vault.door` is missing",
            ],
        ),
        (
            whole("door = {}"),
            &[
                "Settings::toml:4:8: `vault.door.word` is missing: write `word = …` below `[vault.door]`, or set VERNAL__VAULT__DOOR__WORD",
                "`vault.door.size` is missing",
            ],
        ),
        (
            whole("door = { address = 'x4711', word = 4711, size = '4711 M', level = 'x4711' }"),
            &[
                "Settings::toml:4:20: `vault.door.address`: what stands here is secret, and not what is wanted",
                "`vault.door.word`: expected a text, found what is secret",
                "`vault.door.size`: expected a size such as \"10 MiB\", or a number of bytes, found what is secret",
                "`vault.door.level`: expected \"low\", \"very-high\", \"custom\" or \"of\", found what is secret",
            ],
        ),
        (
            whole("door = { address = '1.1.1.1:1', wrod = 'x4711', word = 'x4711', size = 1 }"),
            &["there is no setting `vault.door.wrod`: did you mean `vault.door.word`?"],
        ),
        (
            whole("door = { address = '1.1.1.1:1', word = 'x', size = 1, inner = {} }"),
            &["`vault.door.inner.key` is missing"],
        ),
        (
            whole("door = { address = '1.1.1.1:1', word = 'x', size = 1, inner = { key = 4711 } }"),
            &["`vault.door.inner.key`: expected a whole number from 0 to 255, found what is secret"],
        ),
        (
            whole("door = 'x4711'"),
            &["Settings::toml:4:8: `vault.door`: what stands here is secret, and no `Door`"],
        ),
        (
            whole(&format!(
                "{DOOR}\nmaybe = 'x4711'\nby_name = {{ a = 4711000 }}\nmany = ['1.1.1.1:1', 'x4711']"
            )),
            &[
                "Settings::toml:5:9: `vault.maybe`: what stands here is secret, and no `u16`",
                "`vault.many[1]`: what stands here is secret, and no `SocketAddr`",
                "`vault.by_name.a`: what stands here is secret, and no `u16`",
            ],
        ),
        (
            variable("VERNAL__VAULT__PIN", "x4711"),
            &["the variable VERNAL__VAULT__PIN: `vault.pin`: what stands here is secret, and no `u16`"],
        ),
        (
            variable("VERNAL__VAULT__PIN", ""),
            &["the variable VERNAL__VAULT__PIN: `vault.pin`: nothing stands here, and a value is wanted"],
        ),
        (variable("VERNAL__VAULT__PIN", "1"), &[]),
        (
            variable("VERNAL__VAULT__PNI", "4711"),
            &["`vault.pin` is missing", "there is no setting `vault.pni`: did you mean `vault.pin`?"],
        ),
    ];
    for (settings, expected) in table {
        let config = Config::new().app("vault").settings(settings.clone());
        let said = App::from_registry(config).err().map(|error| error.to_string()).unwrap_or_default();
        for part in *expected {
            assert!(said.contains(part), "{part}: {said}");
        }
        let count = said.lines().filter(|line| line.contains("`vault.")).count();
        assert_eq!(count, expected.len(), "{said}");
        assert!(!said.contains("4711"), "{said}");
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only what is told of it counts")]
struct Kinds {
    char: Option<char>,
    pair: Option<(u8, u8)>,
    array: Option<[u8; 2]>,
    some: Option<std::num::NonZeroU8>,
    wide: Option<i128>,
    unit: Option<()>,
    flag: Option<bool>,
    part: Option<f32>,
    path: Option<PathBuf>,
    by_number: Option<HashMap<u8, bool>>,
    tagged: Option<Tagged>,
    either: Option<Untagged>,
    wrapped: Option<Wrapped>,
    time: Option<Duration>,
    nested: Option<Vec<Vec<u8>>>,
}

#[derive(Deserialize)]
struct Wrapped(#[expect(dead_code, reason = "only what is told of it counts")] u8);

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(dead_code, reason = "only what is told of it counts")]
enum Tagged {
    One { size: u8 },
    Other,
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only what is told of it counts")]
enum Untagged {
    Number(u8),
    Text(String),
}

/// What serde expects, as those say it who write files.
#[test]
fn kinds_of_values_are_told_in_words() {
    let table = [
        ("char = 'ab'", "`kinds.char`: expected a character, found the text \"ab\""),
        ("pair = [1]", "`kinds.pair`: expected a list of 2 values, found a list of 1"),
        ("pair = [1, 2, 3]", "`kinds.pair`: 2 values are taken, and there are 3"),
        ("pair = [1, 2]", ""),
        ("array = [1]", "`kinds.array`: expected a list of 2 values, found a list of 1"),
        ("array = 3", "`kinds.array`: expected a list of 2 values, found a number"),
        ("some = 0", "`kinds.some`: expected a whole number from 1 to 255, found the number 0"),
        ("wide = 'x'", "`kinds.wide`: expected a whole number, found the text \"x\""),
        ("unit = 3", "`kinds.unit`: expected nothing, found the number 3"),
        ("flag = 'yes'", "`kinds.flag`: expected `true` or `false`, found the text \"yes\""),
        ("part = true", "`kinds.part`: expected a number, found `true`"),
        ("path = 3", "`kinds.path`: expected a path, found the number 3"),
        ("by_number = { x = true }", "`kinds.by_number`: expected a whole number from 0 to 255"),
        ("by_number = { 1 = 2 }", "`kinds.by_number.1`: expected `true` or `false`, found the number 2"),
        ("tagged = {}", "`kinds.tagged.kind` is missing: write `kind = …` below `[kinds.tagged]`"),
        ("tagged = { kind = 'x' }", "`kinds.tagged.kind`: expected \"one\" or \"other\""),
        ("tagged = { kind = 'one' }", "`kinds.tagged.size` is missing"),
        (
            "tagged = { kind = 'one', size = 'x' }",
            "`kinds.tagged`: expected a whole number from 0 to 255, found a text in it",
        ),
        ("either = []", "`kinds.either`: data did not match any variant of untagged enum Untagged"),
        ("wrapped = 'x'", "`kinds.wrapped`: expected a whole number from 0 to 255, found the text \"x\""),
        ("time = 3", "`kinds.time`: expected a time with its unit"),
        ("time = '3'", "`kinds.time`: expected a time with its unit"),
        (
            "nested = [[1], [2, 'x']]",
            "`kinds.nested[1][1]`: expected a whole number from 0 to 255, found the text \"x\"",
        ),
        ("nested = [1]", "`kinds.nested[0]`: expected a list, found a number"),
        ("flag = 1979-05-27", "`kinds.flag`: expected `true` or `false`, found the date 1979-05-27"),
        ("some = 1979-05-27T07:32:00Z", "found the date 1979-05-27T07:32:00Z"),
        (
            "some = 999999999999999999999999999999999999999999",
            "`kinds.some`: expected a whole number from 1 to 255",
        ),
        ("some = inf", "`kinds.some`: expected a whole number from 1 to 255, found the number inf"),
        ("part = nan", ""),
    ];
    for (line, expected) in table {
        let read = Settings::toml(format!("[kinds]\n{line}")).section::<Kinds>("kinds");
        let said = read.err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(said.is_empty(), expected.is_empty(), "{line}: {said}");
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only what is told of it counts")]
struct Tokens {
    tokens: Vec<Secret<String>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only what is told of it counts")]
struct Pin {
    pin: Secret<u32>,
}

#[request_map("/pin", method = "POST", app = "secrets")]
fn pin(Form(_): Form<Pin>) {}

/// Neither where a list of secrets is one text, nor where a form has what is none.
#[tokio::test]
async fn a_secret_in_the_wrong_place_is_not_told_either() {
    for text in ["[db]\ntokens = 'hunter2'", "db = 'hunter2'"] {
        let error = Settings::toml(text).section::<Tokens>("db").err().expect("it is no list").to_string();
        assert!(!error.contains("hunter2") && error.contains("found a text"), "{error}");
    }
    let client = Client::builder().app("secrets").settings(Settings::toml("")).build();
    let answer = client.post("/pin").form("pin", "hunter2").await;
    answer.assert_status(400);
    assert!(!answer.text().contains("hunter2"), "{answer}");
}

#[request_map("/sizes/{most}", app = "read")]
fn sizes(most: Size, least: Option<Size>, more: Option<Param<Vec<Size>>>) -> String {
    let more: usize = more.map_or(0, |more| more.len());
    format!("{} {:?} {more}", most.bytes(), least.map(Size::bytes))
}

#[request_map("/size_fields", app = "read")]
fn size_fields(x_size: Header<Size>, kept: Cookie<Size>) -> String {
    format!("{x_size} {}", kept.bytes())
}

#[request_map("/times", app = "read")]
fn times(wait: Duration, more: Option<Vec<Duration>>, other: Option<u8>) -> String {
    format!("{wait:?} {more:?} {other:?}")
}

#[derive(Deserialize)]
struct Read {
    largest: Size,
    #[serde(default)]
    longest: Option<Duration>,
    #[serde(flatten)]
    more: HashMap<String, Size>,
}

#[request_map("/kept", app = "read")]
fn kept(kept: Read) -> String {
    format!("{} {:?} {}", kept.largest, kept.longest, kept.more.len())
}

/// Types that ask serde for anything, and are made of one text.
#[derive(Deserialize)]
struct Pieces(Size);

#[request_map("/pieces", app = "read")]
fn pieces(pieces: Pieces, form: Option<Model<Size>>) -> String {
    format!("{} {}", pieces.0, form.is_some())
}

#[request_map("/form", method = "POST", app = "read")]
fn form(Form(kept): Form<Read>) -> String {
    kept.largest.to_string()
}

#[request_map("/form/one", method = "POST", app = "read")]
fn form_of_one(Form(size): Form<Size>) -> String {
    size.to_string()
}

#[tokio::test]
async fn sizes_and_times_are_read_of_one_text_as_in_settings() {
    let size = "a size such as \"10 MiB\", or a number of bytes";
    let time = "a time with its unit, such as \"500ms\", \"30s\" or \"1h 30m\"";
    let bad_size = |source: &str, got: &str| format!("{source} should be {size}, not `{got}`.");
    let bad_time = |name: &str, got: &str| format!("Parameter[{name}] should be {time}, not `{got}`.");
    let table = [
        ("/sizes/10MiB", 200, "10485760 None 0".to_owned()),
        ("/sizes/1.5%20kB?least=7&more=1&more=2B", 200, "1500 Some(7) 2".to_owned()),
        ("/sizes/10M", 404, bad_size("PathValue[most]", "10M")),
        ("/sizes/1?least=x", 400, bad_size("Parameter[least]", "x")),
        ("/sizes/1?more=1&more=", 400, bad_size("Parameter[more]", "")),
        ("/times?wait=3s", 200, "3s None None".to_owned()),
        ("/times?wait=1h+30m&more=5ms&other=7", 200, "5400s Some([5ms]) Some(7)".to_owned()),
        ("/times?wait=3", 400, bad_time("wait", "3")),
        ("/times", 400, format!("Parameter[wait] is required: {time}.")),
        ("/kept?largest=1KiB&longest=2s&a=1&b=2+kB", 200, "1 KiB Some(2s) 2".to_owned()),
        ("/kept?largest=1KiB&longest=2", 400, bad_time("longest", "2")),
        ("/kept?largest=big", 400, bad_size("Parameter[largest]", "big")),
        ("/pieces?pieces=2+KiB", 200, "2 KiB false".to_owned()),
        ("/pieces?pieces=2048&form=1", 200, "2 KiB true".to_owned()),
        ("/pieces?pieces=two", 400, bad_size("Parameter[pieces]", "two")),
        ("/pieces?other=1", 400, "Parameter[pieces] is required: a value.".to_owned()),
    ];
    let client = Client::builder().app("read").build();
    for (path, status, expected) in &table {
        let answer = client.get(path).await;
        let said = match status {
            200 => answer.text().to_owned(),
            _ => answer.json::<serde_json::Value>()["explain"].as_str().unwrap_or_default().to_owned(),
        };
        assert_eq!((answer.status().as_u16(), &said), (*status, expected), "{path}");
    }
    let fields = client.get("/size_fields").header("x-size", "1 kB").header("cookie", "kept=2KiB");
    fields.await.assert_text("1000 B 2048");
    client.post("/form").form("largest", "1KiB").form("longest", "2s").await.assert_text("1 KiB");
    client.post("/form/one").form("size", "1KiB").await.assert_text("1 KiB");
}
