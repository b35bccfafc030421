//! What can be set by settings: each section of them, read into the values that the setters of the same names take.
//!
//! Every key stands here once, with its kind and its default; lists of all keys, for messages and for the documents, are made by
//! reading. What the program sets itself wins, so a section fills only what is left.

mod access_log;
#[cfg(feature = "actuator")]
mod actuator;
mod compression;
mod given;
mod limits;
mod resources;
mod server;
mod session;
#[cfg(feature = "templates")]
mod templates;
#[cfg(feature = "tls")]
mod tls;
mod tracing;
mod websocket;
#[cfg(not(all(
    feature = "actuator",
    feature = "tls",
    feature = "templates",
    feature = "brotli",
    feature = "zstd"
)))]
mod without_feature;

use crate::app::compress::Compression;
use crate::base::{Places, say};
use crate::operations::{AccessLog, Tracing};
use crate::proto::Limits;
use crate::resources::GivenResources;
use crate::session::SessionConfig;
use crate::settings::{Loaded, Report, Section, Table, Text};
use crate::websocket::core::config::WebSocketConfig;

use given::Given;
use server::Application;
pub(crate) use server::ServerSection;
#[cfg(feature = "tls")]
pub(crate) use tls::TlsSection;
pub(crate) use websocket::Messages;

/// All sections.
#[derive(Default)]
pub(crate) struct Sections {
    pub(crate) server: ServerSection,
    pub(super) application: Application,
    pub(super) limits: Given<Limits>,
    pub(super) websocket: Given<WebSocketConfig>,
    pub(super) messages: Messages,
    pub(super) session: Given<SessionConfig>,
    pub(super) compression: Given<Compression>,
    pub(super) access_log: Given<AccessLog>,
    pub(super) tracing: Given<Tracing>,
    #[cfg(feature = "actuator")]
    pub(super) actuator: Given<crate::operations::Actuator>,
    pub(super) resources: Vec<GivenResources>,
    #[cfg(feature = "templates")]
    pub(super) templates: Given<crate::view::Templates>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Given<TlsSection>,
    /// Their names.
    pub(super) names: Vec<&'static str>,
    /// What is wrong.
    pub(crate) problems: Vec<String>,
    /// Where the values were written.
    pub(crate) places: Places,
    /// All that was written, the user's own sections too; `None` if it could not be read.
    pub(super) table: Option<Table>,
}

impl Sections {
    /// Reads all sections; those named here are the user's own.
    pub(crate) fn read(loaded: Loaded, own: &[&'static str]) -> Sections {
        let report = Report::default();
        // What could not be read whole would be told of twice.
        if !loaded.problems.is_empty() {
            return Sections { problems: loaded.problems, ..Sections::default() };
        }
        let mut sections = Sections::of(&loaded.table, own, &report);
        let (problems, keys, places) = report.finish();
        sections.problems = problems;
        sections.places = places;
        let keys: Vec<_> = keys.into_iter().map(|key| key.path).collect();
        for (variable, meant) in loaded.doubtful_variables(&keys) {
            say!(warn, "the variable {variable} is no setting: if it is meant as one, call it {meant}");
        }
        for line in loaded.links() {
            say!(info, "{line}");
        }
        if !loaded.sources.is_empty() {
            say!(info, "settings from {}", loaded.sources.join(", "));
        }
        sections.table = Some(loaded.table);
        sections
    }

    fn of(table: &Table, own: &[&'static str], report: &Report) -> Sections {
        let mut root = Section::root(table, report);
        let (server, application) = server::read(&mut root);
        let limits = limits::read(&mut root);
        let (websocket, messages) = websocket::read(&mut root);
        let mut sections = Sections {
            server,
            application,
            limits,
            websocket,
            messages,
            session: session::read(&mut root),
            compression: compression::read(&mut root),
            access_log: access_log::read(&mut root),
            tracing: tracing::read(&mut root),
            #[cfg(feature = "actuator")]
            actuator: actuator::read(&mut root),
            resources: resources::read(&mut root),
            #[cfg(feature = "templates")]
            templates: templates::read(&mut root),
            #[cfg(feature = "tls")]
            tls: tls::read(&mut root),
            names: Vec::new(),
            problems: Vec::new(),
            places: Places::default(),
            table: None,
        };
        #[cfg(not(feature = "actuator"))]
        without_feature::refuse(&mut root, "actuator", "actuator");
        #[cfg(not(feature = "tls"))]
        without_feature::refuse(&mut root, "tls", "tls");
        #[cfg(not(feature = "templates"))]
        without_feature::refuse(&mut root, "templates", "templates");
        let mut log = root.section("log");
        sections.server.log =
            log.take_placed("level", Text, "info").map(|(level, origin)| (level, origin.clone()));
        log.finish();
        sections.names = root.names();
        own.iter().for_each(|name| root.leave(name.split('.').next().unwrap_or(name)));
        root.finish();
        sections
    }
}

/// Every key there is, with the kind of its values and its default; what stands for a name of anybody's choice is in capitals.
pub fn keys() -> Vec<(String, String, &'static str)> {
    let named = "[resources.PATTERN]\n[resources.PATTERN.content_type]\nEXTENSION = 'TYPE'\n[tls.certificate_for.NAME]\n";
    let text = format!(
        "{named}certificate = 'c'\nkey = 'k'\n[compression]\n[access_log]\n[actuator]\n[tls]\ncertificate = 'c'\nkey = 'k'\n"
    );
    let loaded = crate::settings::Settings::toml(text).load();
    let report = Report::default();
    Sections::of(&loaded.table, &[], &report);
    report.finish().1.into_iter().map(|key| (key.path, key.kind, key.default)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    /// A list of all keys is only right if what it calls a default changes nothing.
    #[test]
    fn the_defaults_that_are_listed_are_those_of_the_types() {
        let mut text = String::from("compression = true\n");
        let mut text_of = std::collections::BTreeMap::<String, String>::new();
        for (path, kind, default) in keys() {
            let (section, name) = path.rsplit_once('.').expect("a section");
            if default.starts_with('(') || section.starts_with("tls") || section == "compression" {
                continue;
            }
            let is_plain = default.parse::<u64>().is_ok() || default.parse::<bool>().is_ok();
            let value = if is_plain && !kind.starts_with("text") {
                default.to_owned()
            } else {
                format!("\"{default}\"")
            };
            *text_of.entry(section.to_owned()).or_default() += &format!("{name} = {value}\n");
        }
        *text_of.get_mut("resources.PATTERN").expect("keys") += "directory = 'd'\n";
        text.extend(text_of.iter().map(|(section, lines)| format!("[{section}]\n{lines}")));
        let read = |text: &str| {
            let loaded = Settings::toml(text).load();
            let report = Report::default();
            let sections = Sections::of(&loaded.table, &[], &report);
            assert_eq!((loaded.problems, report.finish().0), (Vec::new(), Vec::new()), "{text}");
            sections
        };
        let sections = read(&text);
        assert_eq!(sections.limits.value, Some(Limits::new()));
        assert_eq!(sections.websocket.value, None, "they are the defaults");
        assert_eq!(sections.messages.0, Some(crate::proto::ws::Deflate::default()));
        assert_eq!(format!("{:?}", sections.session.value), format!("{:?}", Some(SessionConfig::new())));
        assert_eq!(
            format!("{:?}", sections.application.decompress_requests),
            format!("{:?}", Some(crate::http::Decompression::none()))
        );
        let application = &sections.application;
        assert_eq!((application.sniffing, application.favicon), (Some(true), Some(true)));
        assert_eq!(application.start_timeout, Some(crate::app::config::START_TIMEOUT));
        assert_eq!(application.server_name, Some(Some("vernal".to_owned())));
        let by_itself = read("[resources]\nPATTERN = 'd'\n");
        let shown = |sections: &Sections| {
            let shown = sections.resources.iter().map(|resources| format!("{resources:?}"));
            // Where it was written differs.
            shown.map(|shown| shown.split(", at: ").next().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(shown(&sections), shown(&by_itself));
        let compression = read("[compression]\ngzip = 6\nmin_size = '1 KiB'").compression.value;
        assert_eq!(format!("{compression:?}"), format!("{:?}", Some(Compression::gzip(6))));
    }
}
