//! Settings that were read become those of an application, where the program has set nothing itself.

use super::config::{Config, State};
use super::sections::Sections;
use crate::base::{did_you_mean, sorted};
use crate::bind::StateNeed;
use crate::http::IntoStatus;
use crate::proto::ws::{PerMessageDeflate, Role};
use crate::registry::ConfigStruct;
use crate::settings::{Entry, Table, Value};
use crate::websocket::core::config::{deflate, install};

impl Config {
    /// Fills what is not set with the settings that were given.
    pub(crate) fn complete(&mut self) {
        if let Some(sections) = self.take_sections() {
            self.fill(sections);
        }
    }

    /// Reads the settings, once.
    pub(crate) fn take_sections(&mut self) -> Option<Sections> {
        let sections: Vec<_> = inventory::iter::<ConfigStruct>.into_iter().map(|it| it.section).collect();
        self.settings.take().map(|loaded| Sections::read(loaded, &sections))
    }

    /// Fills what is not set.
    pub(crate) fn fill(&mut self, sections: Sections) {
        let server = sections.application;
        let fill = |set: &mut Vec<String>, value: Option<Vec<String>>| {
            if set.is_empty() {
                *set = value.unwrap_or_default();
            }
        };
        self.places = sections.places;
        for (is_own, key) in [
            (self.app.is_some(), "server.app"),
            (self.upload_directory.is_some(), "server.upload_directory"),
            (self.server_name.is_some(), "server.server_name"),
            (!self.trusted_proxies.is_empty(), "server.trusted_proxies"),
            (self.proxy_fields.is_some(), "server.proxy_fields"),
            (self.access_log.is_some(), "access_log.file"),
            #[cfg(feature = "actuator")]
            (self.actuator.as_ref().is_some_and(|actuator| actuator.host.is_some()), "actuator.host"),
            #[cfg(feature = "actuator")]
            (self.actuator.as_ref().is_some_and(|actuator| actuator.port.is_some()), "actuator.port"),
            #[cfg(feature = "templates")]
            (self.templates.is_some(), "templates.directory"),
        ] {
            if is_own {
                self.places.forget(key);
            }
        }
        self.app = self.app.take().or(server.app);
        self.start_timeout = self.start_timeout.or(server.start_timeout);
        self.show_errors = self.show_errors.or(server.show_errors);
        if let (None, Some(status)) = (self.invalid_status, server.invalid_status) {
            self.invalid_status = Some(status.into_status());
        }
        self.server_name = self.server_name.take().or(server.server_name);
        self.upload_directory = self.upload_directory.take().or(server.upload_directory.map(Into::into));
        self.sniffing = self.sniffing.or(server.sniffing);
        self.favicon = self.favicon.or(server.favicon);
        fill(&mut self.trusted_proxies, server.trusted_proxies);
        self.proxy_fields = self.proxy_fields.take().or(server.proxy_fields);
        self.decompression = self.decompression.take().or(server.decompress_requests);
        sections.limits.fill(&mut self.limits, "limits");
        sections.websocket.fill(&mut self.websocket, "websocket");
        sections.session.fill(&mut self.session_config, "session_config");
        sections.compression.fill(&mut self.compression, "compression");
        sections.access_log.fill(&mut self.access_log, "access_log");
        self.tracing = match (self.tracing.take(), sections.tracing.into_value()) {
            (Some(ours), Some(given)) => Some(ours.or(given)),
            (ours, given) => ours.or(given),
        };
        #[cfg(feature = "actuator")]
        {
            let given = sections.actuator.into_value();
            self.actuator = match (self.actuator.take(), given) {
                (Some(ours), Some(given)) => Some(ours.or(given)),
                (ours, given) => ours.or(given),
            };
        }
        #[cfg(feature = "templates")]
        sections.templates.fill(&mut self.templates, "templates");
        if let Some(settings) = sections.messages.0
            && !self.compresses_messages()
        {
            self.extensions.push(deflate(settings));
        }
        for resources in sections.resources {
            if !self.resources.iter().any(|own| own.is_like(&resources)) {
                self.resources.push(resources);
            }
        }
        self.problems.extend(sections.problems);
        if let Some(table) = &sections.table {
            self.tell_of_strays(table);
        }
        self.read_structs(sections.table.as_ref(), &sections.names);
    }

    /// Tells of names on the way to sections of structs.
    fn tell_of_strays(&mut self, table: &Table) {
        let sections: Vec<_> = inventory::iter::<ConfigStruct>.into_iter().map(|it| it.section).collect();
        let begins_one = |name: &str| sections.iter().any(|section| begins(section, name));
        for entry in table.entries.iter().filter(|entry| begins_one(&entry.name)) {
            self.problems.extend(stray(&entry.name, entry, &sections));
        }
    }

    /// Reads the structs of this application, but for those that the program has given itself.
    fn read_structs(&mut self, table: Option<&Table>, taken: &[&str]) {
        let all: Vec<_> = inventory::iter::<ConfigStruct>.into_iter().collect();
        let mut own: Vec<_> = all.iter().filter(|it| it.app == self.app.as_deref()).collect();
        sorted::sort_by_key(&mut own, |it| it.at);
        for (index, it) in own.iter().enumerate() {
            if let Some(other) = own[..index].iter().find(|other| other.section == it.section) {
                let (one, other, section) = (it.at, other.at, it.section);
                self.problems.push(format!(
                    "{one} and {other} are both read from the section `{section}`: keep one of them"
                ));
            }
            if taken.contains(&it.section.split('.').next().unwrap_or_default()) {
                let (at, section) = (it.at, it.section);
                self.problems.push(format!(
                    "{at} is read from `{section}`, which is the server's own: call yours otherwise"
                ));
                // What stands there is not meant for it.
                self.unread.push((it.state.type_id)());
                continue;
            }
            let type_id = (it.state.type_id)();
            if self.states.iter().any(|state| state.type_id == type_id) {
                continue;
            }
            let within = format!("{}.", it.section);
            let of_others: Vec<_> =
                all.iter().map(|other| other.section).filter(|other| other.starts_with(&within)).collect();
            match table.map(|table| (it.read)(table, it.section, &of_others)) {
                Some(Ok(value)) => {
                    self.states.push(State { type_id, type_name: (it.state.type_name)(), value });
                }
                Some(Err(problems)) => {
                    self.problems.extend(problems);
                    self.unread.push(type_id);
                }
                None => self.unread.push(type_id),
            }
        }
    }

    fn compresses_messages(&self) -> bool {
        let installed = install(&self.extensions, Role::Server);
        installed.iter().any(|extension| (&**extension as &dyn std::any::Any).is::<PerMessageDeflate>())
    }
}

/// Whether a section stands in another.
fn begins(section: &str, path: &str) -> bool {
    section.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
}

/// What stands on the way to sections and is in none of them.
fn stray(path: &str, entry: &Entry, sections: &[&str]) -> Vec<String> {
    if sections.contains(&path) {
        return Vec::new();
    }
    let origin = &entry.origin;
    let Value::Table(table) = &entry.node.value else {
        return vec![format!("{origin}: `{path}`: expected a table, found {}", entry.node.value.kind())];
    };
    if let Some(beneath) = &table.beneath {
        return stray(path, beneath, sections);
    }
    let mut problems = Vec::new();
    for entry in &table.entries {
        let path = format!("{path}.{}", entry.name);
        if sections.contains(&path.as_str()) || sections.iter().any(|section| begins(section, &path)) {
            problems.extend(stray(&path, entry, sections));
            continue;
        }
        let hint = match did_you_mean(&path, sections.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "no struct with `#[config]` is read from it".to_owned(),
        };
        problems.push(format!("{}: there is no setting `{path}`: {hint}", entry.origin));
    }
    problems
}

/// What to write where a state is missing that would be read from the settings.
pub(super) fn advice(need: &StateNeed) -> Option<String> {
    let type_id = (need.type_id)();
    let it = inventory::iter::<ConfigStruct>.into_iter().find(|it| (it.state.type_id)() == type_id)?;
    let ConfigStruct { section, app, at, .. } = it;
    let of_app = app.map(|app| format!(" of `app = \"{app}\"`")).unwrap_or_default();
    Some(format!(
        "is read from the section `{section}` of the settings ({at}{of_app}), and none were given: start the server by \
         `server::configured().start()`, or give some by `.settings(Settings::toml(\"…\"))` in a test"
    ))
}
