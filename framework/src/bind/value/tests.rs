//! Tables of raw values and what they become.

use std::fmt::Debug;

use super::*;

fn bind<'r, T: FromValues<'r>>(values: &[&'r str]) -> Result<T> {
    T::from_values(values.iter().copied(), Source::Parameter, "a")
}

fn good<'r, T: FromValues<'r> + Debug + PartialEq>(values: &[&'r str], expected: T) {
    assert_eq!(bind::<T>(values).expect("well formed"), expected, "{values:?}");
}

fn bad<'r, T: FromValues<'r> + Debug>(values: &[&'r str], text: &str) {
    let error = bind::<T>(values).expect_err("not well formed");
    assert_eq!(error.status(), 400, "{values:?}");
    assert_eq!(error.explain_text(), text, "{values:?}");
    let binding = error.binding().expect("says what failed");
    assert_eq!((binding.parameter.as_str(), binding.source), ("a", Source::Parameter));
    assert_eq!(error.is_missing(), values.is_empty());
}

#[test]
fn texts_take_anything() {
    good(&["x", "y"], "x");
    good(&[""], "");
    good(&["x"], "x".to_owned());
    good(&["x"], Cow::Borrowed("x"));
    good(&["x"], Box::<str>::from("x"));
    good(&["x"], Arc::<str>::from("x"));
    bad::<&str>(&[], "Parameter[a] is required: a text.");
}

#[test]
fn integers_are_whole_and_in_range() {
    good(&["-3"], -3_i64);
    good(&["0"], 0_u8);
    good(&["255"], 255_u8);
    good(&["170141183460469231731687303715884105727"], i128::MAX);
    good(&["7"], NonZero::new(7_u32).expect("not 0"));
    for raw in ["abc", "1.5", "", " 1", "256", "-1", "0x1"] {
        bad::<u8>(&[raw], &format!("Parameter[a] should be an integer from 0 to 255, not `{raw}`."));
    }
    bad::<i8>(&["128"], "Parameter[a] should be an integer from -128 to 127, not `128`.");
    bad::<NonZero<u8>>(&["0"], "Parameter[a] should be an integer from 1 to 255, not `0`.");
    bad::<NonZero<i8>>(&["0"], "Parameter[a] should be an integer from -128 to 127 other than 0, not `0`.");
    bad::<u8>(&[], "Parameter[a] is required: an integer.");
}

#[test]
fn floats_are_finite() {
    good(&["1.5"], 1.5_f64);
    good(&["-2e3"], -2000_f32);
    for raw in ["NaN", "inf", "1e999", "", "x"] {
        bad::<f64>(&[raw], &format!("Parameter[a] should be a number, not `{raw}`."));
    }
}

#[test]
fn what_is_true_or_false_has_few_words() {
    for raw in ["0", "", "false", "False", "FALSE", "fAlSe", "no", "off"] {
        good(&[raw], false);
    }
    for raw in ["1", "true", "TRUE", "on", "Yes"] {
        good(&[raw], true);
    }
    for raw in [" ", "00", "f", "null"] {
        bad::<bool>(&[raw], &format!("Parameter[a] should be true or false, not `{raw}`."));
    }
    bad::<bool>(&[], "Parameter[a] is required: true or false.");
}

#[test]
fn other_std_types_are_parsed() {
    good(&["中"], '中');
    good(&["::1"], IpAddr::V6(Ipv6Addr::LOCALHOST));
    good(&["127.0.0.1"], Ipv4Addr::LOCALHOST);
    good(&["127.0.0.1:80"], SocketAddr::from(([127, 0, 0, 1], 80)));
    bad::<char>(&["ab"], "Parameter[a] should be one character, not `ab`.");
    bad::<IpAddr>(&["1"], "Parameter[a] should be an IP address, not `1`.");
    good(&[r#"{"x":1}"#], serde_json::json!({"x": 1}));
    bad::<Value>(&["x"], "Parameter[a] should be JSON (expected value at line 1 column 1), not `x`.");
}

#[test]
fn option_list_and_result_differ() {
    good(&[], None::<u8>);
    good(&["1"], Some(1_u8));
    bad::<Option<u8>>(&["x"], "Parameter[a] should be an integer from 0 to 255, not `x`.");
    good(&["1", "2"], vec![1_u8, 2]);
    good(&["0", "yes"], vec![false, true]);
    bad::<Vec<u8>>(&["1", "x"], "Parameter[a] should be an integer from 0 to 255, not `x`.");
    bad::<Vec<&str>>(&[], "Parameter[a] is required: a text.");
    good(&[], None::<Vec<&str>>);
    good(&["x"], Some(vec!["x"]));
    assert_eq!(bind::<Result<u8>>(&["x"]).expect("the handler sees it").expect_err("bad").status(), 400);
    assert!(bind::<Result<u8>>(&[]).expect("the handler sees it").expect_err("missing").is_missing());
}

#[test]
fn an_own_error_keeps_its_words_and_gains_the_name() {
    #[derive(Debug)]
    struct Even;
    impl FromValue<'_> for Even {
        fn from_value(raw: &str) -> Result<Even> {
            let number = u8::from_value(raw)?;
            let half: i8 = raw.parse()?;
            if number % 2 == 0 && half >= 0 { Ok(Even) } else { Err(Error::new(422, "Odd").explain("odd")) }
        }
    }
    let error = bind::<Even>(&["3"]).expect_err("odd");
    assert_eq!((error.status().as_u16(), error.message_text(), error.explain_text()), (422, "Odd", "odd"));
    let binding = error.binding().expect("the name is known");
    assert_eq!((binding.parameter.as_str(), binding.got.as_deref()), ("a", Some("3")));
    bad::<Even>(&["x"], "Parameter[a] should be an integer from 0 to 255, not `x`.");
    bad::<Even>(&["200"], "Parameter[a] should be a valid value, not `200`.");
}

#[test]
fn the_path_is_not_found_where_a_parameter_is_bad() {
    let error = u8::from_values(["x"].into_iter(), Source::Path, "id").expect_err("no number");
    assert_eq!(error.status(), 404);
    assert_eq!(error.explain_text(), "PathValue[id] should be an integer from 0 to 255, not `x`.");
}

#[test]
fn long_values_are_shortened_in_errors() {
    let raw = "中".repeat(100);
    let error = bind::<u8>(&[&raw]).expect_err("no number");
    let got = error.binding().and_then(|binding| binding.got.clone()).expect("something came");
    assert_eq!(got, "中".repeat(64) + "…");
    assert_eq!(shortened(&"x".repeat(64)), "x".repeat(64));
}
