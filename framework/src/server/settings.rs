//! Settings that were read become those of a server, where the program has set nothing itself.

use super::address::Wanted;
use super::bound::SharedThreads;
use super::builder::Server;
use super::console::{SetLevel, unknown_levels};

impl Server {
    /// Fills what is not set with the settings that were given.
    pub(super) fn complete(&mut self) {
        let Some(mut sections) = self.config.take_sections() else { return };
        let server = std::mem::take(&mut sections.server);
        let listening = &mut self.listening;
        for (is_own, key) in [
            (listening.host.is_some(), "server.host"),
            (listening.port.is_some(), "server.port"),
            (self.threads.is_some(), "server.threads"),
            (self.expects_proxy_header.is_some(), "server.proxy_protocol"),
            (self.websocket_stop_spread.is_some(), "server.websocket_stop_spread"),
        ] {
            if is_own {
                sections.places.forget(key);
            }
        }
        listening.has_settings = true;
        // Who names addresses in the program listens on these alone.
        let names_others = !listening.wanted.is_empty() || !listening.given.is_empty();
        if !names_others || listening.host.is_some() || listening.port.is_some() {
            listening.host = listening.host.take().or(server.host);
            listening.port = listening.port.or(server.port);
        }
        if !names_others {
            for (index, (address, origin)) in server.listen.into_iter().flatten().enumerate() {
                let key = format!("server.listen[{index}]");
                let parsed = Wanted::parse(&address);
                if let Err(error) = &parsed {
                    sections.problems.push(format!("{origin}: `{key}`: {}", error.words()));
                }
                sections.places.keep(key, origin.to_string());
                listening.wanted.push(parsed.is_ok().then_some(address));
            }
        }
        listening.unix_mode = listening.unix_mode.or(server.unix_mode);
        #[cfg(all(unix, feature = "systemd"))]
        {
            listening.systemd = listening.systemd.take().or(server.systemd);
        }
        self.threads = self.threads.or(server.threads);
        if let (None, Some(shares)) = (self.shares_threads, server.share_threads) {
            self.shares_threads = Some(shares);
            self.shared_threads = shares.then(SharedThreads::new);
        }
        self.stop_delay = self.stop_delay.or(server.stop_delay);
        self.websocket_stop_code = self.websocket_stop_code.or(server.websocket_stop_code);
        self.websocket_stop_spread = self.websocket_stop_spread.or(server.websocket_stop_spread);
        self.grace = self.grace.or(server.grace);
        self.watchdog = self.watchdog.or(server.watchdog);
        self.handles_signals = self.handles_signals.or(server.handle_signals);
        self.shows_mappings = self.shows_mappings.or(server.show_mappings);
        self.expects_proxy_header = self.expects_proxy_header.or(server.proxy_protocol);
        if let Some((levels, origin)) = server.log {
            let problem = |word| {
                format!(
                    "{origin}: `log.level`: {word:?} is no level: write off, error, warn, info, debug or trace, or one for a target: my_app=debug"
                )
            };
            sections.problems.extend(unknown_levels(&levels).into_iter().map(problem));
        }
        #[cfg(feature = "tls")]
        {
            let mut tls = None;
            let mut ours = self.tls.take().map(Ok);
            std::mem::take(&mut sections.tls).fill_by(&mut ours, "tls", crate::app::TlsSection::build);
            match ours {
                Some(Ok(made)) => tls = Some(made),
                Some(Err(problem)) => sections.problems.push(problem),
                None => {}
            }
            self.tls = tls;
        }
        self.config.fill(sections);
    }

    /// The level of the console that the settings ask for.
    pub(super) fn log_level(&self) -> Option<SetLevel> {
        let (text, origin) = self.config.settings.as_ref()?.text("log", "level")?;
        Some(SetLevel { text, place: None, is_of_run: origin.is_of_run() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::settings_keys;
    use crate::settings::Settings;

    /// A list of all keys is only right if what it calls a default changes nothing.
    #[test]
    fn the_defaults_that_are_listed_are_those_of_servers() {
        let server = |settings: Settings| {
            let server = Server::default().settings(settings).resources("/**", "src").listen("127.0.0.1:0");
            let bound = server.bind().expect("a free port");
            let has_header = bound.shared.expects_proxy_header;
            (bound.grace, bound.watchdog, bound.handles_signals, bound.shared_threads.is_some(), has_header)
        };
        let keys = ["grace", "watchdog", "handle_signals", "share_threads", "proxy_protocol"];
        let mut text = String::from("[server]\n");
        for (path, _, default) in settings_keys() {
            let Some(name) = path.strip_prefix("server.").filter(|name| keys.contains(name)) else {
                continue;
            };
            let quote = if default.parse::<bool>().is_ok() { "" } else { "'" };
            text += &format!("{name} = {quote}{default}{quote}\n");
        }
        assert_eq!(text.lines().count(), keys.len() + 1, "{text}");
        assert_eq!(server(Settings::toml(text)), server(Settings::toml("")));
    }
}
