//! `[actuator]`.

use super::given::Given;
use crate::operations::Actuator;
use crate::settings::{Section, Switch, Text, number, time};

pub(super) fn read(root: &mut Section<'_>) -> Given<Actuator> {
    let mut section = match root.switch("actuator") {
        Switch::Off => return Given::default(),
        Switch::On(section) | Switch::Unsaid(section) => section,
    };
    let mut actuator = Actuator::new();
    if let Some(path) = section.take("at", Text, "/actuator") {
        actuator = actuator.at(path);
    }
    if let Some(port) = section.take("port", number(0), "(that of the application)") {
        actuator = actuator.port(port);
    }
    if let Some(host) = section.take("host", Text, "(that of the server)") {
        actuator = actuator.host(host);
    }
    if let Some(timeout) = section.take("timeout", time(), "800ms") {
        actuator = actuator.timeout(timeout);
    }
    let given = Given::of(&section, actuator);
    section.finish();
    given
}
