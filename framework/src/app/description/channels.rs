//! The description of what is said in WebSocket sessions.

use super::super::application::App;
use super::guards;
use crate::base::{Location, sorted};
use crate::openapi::{self, Channel, Document, Handshakes, Operation};
use crate::session::Sessions;

impl App {
    /// The description of what is said in WebSocket sessions, in AsyncAPI, made of the handlers of all styles: a channel for each path,
    /// with what opens it; what is received, by the types that messages are taken as; what is sent, as `sends(…)` says. Title and
    /// version are those of [`Config::asyncapi`](crate::Config::asyncapi), else of [`Config::openapi`](crate::Config::openapi).
    ///
    /// ```
    /// use vernal::websocket::WebSocketSession;
    /// use vernal::{App, Config, Result, websocket_message};
    ///
    /// /// Says it louder.
    /// #[websocket_message("/upper", on = "text", sends(String))]
    /// async fn upper(session: &WebSocketSession, said: &str) -> Result {
    ///     session.send(said.to_uppercase()).await
    /// }
    ///
    /// let document = App::from_registry(Config::new())?.asyncapi();
    /// assert_eq!(document["channels"]["upper"]["messages"]["text"]["contentType"], "text/plain");
    /// assert_eq!(document["operations"]["upper"]["summary"], "Says it louder");
    /// # Ok::<(), vernal::Error>(())
    /// ```
    pub fn asyncapi(&self) -> Document {
        let settings = self.0.asyncapi.clone().unwrap_or_default();
        let (document, warnings) = self.among_channels(|described, handshakes| {
            openapi::asyncapi((&settings, self.0.openapi.as_ref()), described, handshakes)
        });
        self.0.warned_of_asyncapi.of(&warnings);
        document
    }

    /// Asks with what the application knows beside channels.
    pub(super) fn among_channels<T>(&self, ask: impl FnOnce(Registered<'_>, &Handshakes<'_>) -> T) -> T {
        let belongs = |channel: &&'static Channel| channel.mapping.app == self.0.name.as_deref();
        let mut channels: Vec<_> = inventory::iter::<Channel>.into_iter().filter(belongs).collect();
        // As event functions are joined at start.
        sorted::sort_by_key(&mut channels, |channel| (channel.at, channel.mapping.paths));
        let guards = |at: &Location, pattern: &str| guards([&self.0.sockets, &self.0.router], at, pattern);
        let handshakes =
            Handshakes { guards: &guards, session_cookie: Sessions::cookie_name(&self.0.answers.context) };
        let described = (&channels[..], &self.0.operations()[..]);
        ask(described, &handshakes)
    }
}

/// Handlers, and operations that may open sessions.
type Registered<'a> = (&'a [&'static Channel], &'a [&'static Operation]);
