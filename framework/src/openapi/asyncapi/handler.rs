//! The handlers of an application, whatever style they are written in: event functions that share a path are one handler, and so is a
//! mapping that opens sessions by hand.

use std::collections::BTreeMap;

use super::channel::{Channel, DescribedEvent, DescribedFrame};
use crate::base::Location;
use crate::contract::Inputs;
use crate::matching::Mapping;
use crate::openapi::names;
use crate::openapi::operation::{DescribedArgument, DescribedMessage, Operation};
use crate::openapi::parameters;

/// A handler.
pub(super) struct Handler {
    pub(super) mapping: &'static Mapping,
    /// Where it stands; one of several places where it has several functions.
    pub(super) places: Vec<Location>,
    pub(super) docs: &'static str,
    pub(super) is_deprecated: bool,
    pub(super) tag: Option<String>,
    pub(super) events: Vec<DescribedEvent>,
    /// What it takes where no argument says it.
    pub(super) receives: Vec<DescribedMessage>,
    pub(super) sends: Vec<DescribedMessage>,
    /// Where it is said what it sends.
    pub(super) sender: Location,
}

impl Handler {
    /// Those of an application.
    pub(super) fn all(channels: &[&'static Channel], operations: &[&'static Operation]) -> Vec<Handler> {
        let mut handlers: Vec<Handler> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for channel in channels {
            let index = *known.entry(channel.mapping.shape()).or_insert(handlers.len());
            match handlers.get_mut(index) {
                Some(handler) => handler.join(channel),
                None => handlers.push(Handler::of(channel)),
            }
        }
        handlers.extend(operations.iter().filter_map(|operation| Handler::by_hand(operation)));
        handlers.sort_by_key(|handler| (handler.mapping.order, handler.places[0], handler.mapping.paths));
        handlers
    }

    fn of(channel: &'static Channel) -> Handler {
        Handler {
            mapping: &channel.mapping,
            places: vec![channel.at],
            docs: channel.docs,
            is_deprecated: channel.is_deprecated,
            tag: names::tag(channel.tag, channel.owner.as_ref(), &channel.at),
            events: channel.events.to_vec(),
            receives: channel.receives.to_vec(),
            sends: channel.sends.to_vec(),
            sender: channel.at,
        }
    }

    /// Adds a function of the same path.
    fn join(&mut self, channel: &'static Channel) {
        self.places.push(channel.at);
        self.is_deprecated &= channel.is_deprecated;
        if let Some(tag) = channel.tag {
            self.tag = Some(tag.to_owned());
        }
        if self.sends.is_empty() && !channel.sends.is_empty() {
            self.sender = channel.at;
        }
        self.events.extend(channel.events);
        self.receives.extend(channel.receives);
        self.sends.extend(channel.sends);
    }

    /// A mapping whose function takes the request for a session.
    fn by_hand(operation: &'static Operation) -> Option<Handler> {
        let inputs = parameters::inputs(operation.arguments);
        if !inputs.iter().any(|(_, inputs)| inputs.upgrades) {
            return None;
        }
        let event = DescribedEvent {
            at: operation.at,
            docs: operation.docs,
            is_deprecated: operation.is_deprecated,
            frames: &[DescribedFrame::Text, DescribedFrame::Binary],
            message: None,
            arguments: operation.arguments,
        };
        Some(Handler {
            mapping: &operation.mapping,
            places: vec![operation.at],
            docs: operation.docs,
            is_deprecated: operation.is_deprecated,
            tag: names::tag(operation.tag, operation.owner.as_ref(), &operation.at),
            events: vec![event],
            receives: operation.receives.to_vec(),
            sends: operation.sends.to_vec(),
            sender: operation.at,
        })
    }

    /// What all its functions take of the request that opens a session.
    pub(super) fn inputs(&self) -> Vec<(&'static DescribedArgument, Inputs)> {
        self.events.iter().flat_map(|event| parameters::inputs(event.arguments)).collect()
    }

    /// The functions that are called for something that comes.
    pub(super) fn receiving(&self) -> impl Iterator<Item = &DescribedEvent> {
        self.events.iter().filter(|event| !event.frames.is_empty())
    }

    /// Whether it says what it sends, or can do nothing else.
    pub(super) fn is_sending(&self) -> bool {
        let is_message =
            |frame: &DescribedFrame| matches!(frame, DescribedFrame::Text | DescribedFrame::Binary);
        !self.sends.is_empty() || !self.events.iter().flat_map(|event| event.frames).any(is_message)
    }
}
