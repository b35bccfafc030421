//! The description of an application: OpenAPI from its mappings, AsyncAPI from its WebSocket handlers.
//!
//! The macros submit an [`Operation`] beside each registration: docs, arguments and answers, whose types describe themselves in the words
//! of [`contract`](crate::contract). From these alone the documents are made, on first demand. Nothing here runs for a request to anything else.

mod answered;
mod asyncapi;
mod bodies;
mod constrained;
mod default_value;
mod document;
mod failures;
mod joined;
mod names;
mod negotiated;
mod nodes;
mod operation;
mod parameters;
mod problem;
mod responses;
mod schemas;
mod security;
mod settings;
#[cfg(debug_assertions)]
mod statuses;
mod template;
mod warned;

pub use answered::{
    DescribeEither, DescribeNothing, DescribePlain, DescribeWords, probe_of, probe_of_future, unreached,
};
pub use asyncapi::{AsyncApi, AsyncApiVersion, Channel, DescribedEvent, DescribedFrame};
pub(crate) use asyncapi::{Handshakes, asyncapi, unknown_of_channels};
pub use default_value::{DefaultKnown, DefaultUnknown, DefaultValue, DefaultWithin};
pub use document::Document;
#[cfg(debug_assertions)]
pub(crate) use document::statuses;
pub(crate) use document::{Surroundings, openapi, unknown};
pub(crate) use failures::DescribedPages;
pub use operation::{
    Constraints, DescribedArgument, DescribedAs, DescribedFilter, DescribedMessage, DescribedOwner,
    DescribedPage, DescribedResponse, Operation,
};
pub use settings::{OpenApi, OpenApiVersion};
#[cfg(debug_assertions)]
pub(crate) use statuses::DescribedStatuses;
pub(crate) use warned::Warned;
