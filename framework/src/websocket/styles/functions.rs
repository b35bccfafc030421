//! Event functions that share a path: the same loop as for the methods of an impl block.

use std::collections::HashMap;

use super::event::{EventCall, EventFunction, FragmentCall, MessageCall, On, WebSocketEvent};
use super::events::{Events, Wants, serve, unhandled};
use crate::http::{BoxFuture, Error, Result};
use crate::websocket::core::accept::Accept;
use crate::websocket::core::message::Message;
use crate::websocket::handles::{EventContext, Upgrade};

/// All that an application has, by the addresses of the routes they share. Kept as a state of a type that nobody else can name.
#[derive(Default)]
pub(crate) struct FunctionsOfRoutes(pub(crate) HashMap<usize, Functions>);

/// Event functions that share a path.
#[derive(Default)]
pub(crate) struct Functions {
    all: Vec<&'static WebSocketEvent>,
    handshake: Option<EventCall<Accept>>,
    open: Option<EventCall<()>>,
    /// In the order of [`On`].
    messages: [Option<MessageCall>; 4],
    fragment: Option<FragmentCall>,
    close: Option<EventCall<()>>,
}

impl Functions {
    /// Adds one.
    ///
    /// # Errors
    /// There is one for that event already; it is returned.
    pub(crate) fn add(&mut self, event: &'static WebSocketEvent) -> Result<(), &'static WebSocketEvent> {
        if let Some(other) = self.all.iter().find(|other| other.function.overlaps(&event.function)) {
            return Err(other);
        }
        self.all.push(event);
        match event.function {
            EventFunction::Handshake(call) => self.handshake = Some(call),
            EventFunction::Open(call) => self.open = Some(call),
            EventFunction::Message(kinds, call) => {
                kinds.iter().for_each(|on| self.messages[*on as usize] = Some(call));
            }
            EventFunction::Fragment(call) => self.fragment = Some(call),
            EventFunction::Close(call) => self.close = Some(call),
        }
        Ok(())
    }

    fn message_call(&self, on: On) -> Option<MessageCall> {
        self.messages[on as usize]
    }
}

/// Serves the functions that share the path of a route. For generated code.
pub fn serve_functions(upgrade: Upgrade) -> BoxFuture<'static, Result> {
    Box::pin(async move {
        let session = upgrade.session.clone();
        let all = session.context().state::<FunctionsOfRoutes>();
        match all.and_then(|all| all.0.get(&upgrade.address)) {
            Some(functions) => serve(upgrade, functions).await,
            None => Err(Error::internal("the event functions of this path belong to another application")),
        }
    })
}

impl Events for &Functions {
    fn wants(&self) -> Wants {
        let has = |on| self.message_call(on).is_some();
        Wants {
            messages: has(On::Text) || has(On::Binary),
            fragments: self.fragment.is_some(),
            pings: has(On::Ping),
            pongs: has(On::Pong),
        }
    }

    async fn check<'e>(&'e mut self, cx: EventContext<'e>) -> Result {
        for event in &self.all {
            (event.check)(cx).await?;
        }
        Ok(())
    }

    async fn handshake<'e>(&'e mut self, cx: EventContext<'e>) -> Result<Accept> {
        match self.handshake {
            Some(call) => call(cx).await,
            None => Ok(Accept::new()),
        }
    }

    async fn open<'e>(&'e mut self, cx: EventContext<'e>) -> Result {
        match self.open {
            Some(call) => call(cx).await,
            None => Ok(()),
        }
    }

    async fn message<'e>(&'e mut self, cx: EventContext<'e>, on: On, message: &'e Message) -> Result {
        match (self.message_call(on), self.fragment) {
            (Some(call), _) => call(cx, message).await,
            // A message in one piece is its own last piece.
            (None, Some(call)) if on == On::Binary => call(cx, true, message).await.map(drop),
            (None, _) => unhandled(on, self.wants()),
        }
    }

    async fn fragment<'e>(
        &'e mut self,
        cx: EventContext<'e>,
        is_final: bool,
        message: &'e Message,
    ) -> Result<bool> {
        match self.fragment {
            // Nobody wants the whole where there is no function for it.
            Some(call) => Ok(call(cx, is_final, message).await? && self.message_call(On::Binary).is_some()),
            None => Ok(true),
        }
    }

    async fn close<'e>(&'e mut self, cx: EventContext<'e>) -> Result {
        match self.close {
            Some(call) => call(cx).await,
            None => Ok(()),
        }
    }
}
