//! `[actuator]`.

use super::given::Given;
use crate::operations::Actuator;
use crate::settings::{Section, Switch, Text, number, some_time};

pub(super) fn read(root: &mut Section<'_>) -> Given<Actuator> {
    let mut section = match root.switch("actuator") {
        Switch::Off => return Given::default(),
        Switch::On(section) | Switch::Unsaid(section) => section,
    };
    let mut actuator = Actuator::new();
    if let Some(path) = section.take_judged("at", Text, "/actuator", no_path) {
        actuator = actuator.at(path);
    }
    if let Some(port) = section.take("port", number(0), "(that of the application)") {
        actuator = actuator.port(port);
    }
    if let Some(host) = section.take("host", Text, "(that of the server)") {
        actuator = actuator.host(host);
    }
    if let Some(timeout) = section.take("timeout", some_time(), "800ms") {
        actuator = actuator.timeout(timeout);
    }
    let given = Given::of(&section, actuator);
    section.finish();
    given
}

fn no_path(text: &String) -> Option<String> {
    let is_path = Actuator::new().at(text).is_at_path();
    (!is_path).then(|| format!("{text:?} is no path: write one that begins with `/`, such as \"/actuator\", without any of {{}}*?#%"))
}
