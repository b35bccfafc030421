//! Server-sent events (WHATWG HTML, section 9.2): a stream of events with comments that keep it alive.

use std::fmt::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Sleep;

use super::{Body, BoxFuture, Error, Responder, Response, Result};
use crate::contract::{Answers, Schema};
use crate::io::{clock, stop::stopping};

/// A stream of [`Event`]s as an answer: `text/event-stream`, kept alive by a comment every 15 seconds of silence.
///
/// It says `Cache-Control: no-cache` and `X-Accel-Buffering: no`, by which nginx passes events on as they come, unless the answer
/// has fields of these names.
///
/// When the server begins to stop the stream ends, so that nobody waits for browsers: they connect again, to whoever serves then.
///
/// ```
/// use vernal::{Event, Result, Sse, request_map};
///
/// #[request_map("/ticks")]
/// fn ticks() -> Sse {
///     Sse::new(tick::Ticks::default())
/// }
/// # mod tick {
/// #     #[derive(Default)]
/// #     pub struct Ticks(u32);
/// #     impl futures_core::Stream for Ticks {
/// #         type Item = vernal::Result<vernal::Event>;
/// #         fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
/// #             self.0 += 1;
/// #             std::task::Poll::Ready(Some(Ok(vernal::Event::new("tick").id(self.0.to_string()))))
/// #         }
/// #     }
/// # }
/// ```
pub struct Sse {
    events: Pin<Box<dyn Stream<Item = Result<Event>> + Send>>,
    keep_alive: Duration,
}

/// One event: data, and optionally a name, an id, and the time after which a browser reconnects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    text: String,
}

impl Sse {
    /// Sends what the stream yields. An `Err` cuts the connection and is logged.
    pub fn new<S, E>(events: S) -> Sse
    where
        S: Stream<Item = Result<Event, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Sse { events: Box::pin(Events { stream: Box::pin(events) }), keep_alive: KEEP_ALIVE }
    }

    /// Sets the silence after which a comment is sent, so that proxies do not give up. Default 15 s; `Duration::ZERO`
    /// turns it off.
    #[must_use]
    pub fn keep_alive(mut self, silence: Duration) -> Sse {
        self.keep_alive = silence;
        self
    }
}

/// An event with this data: `sender.send("news").await`.
impl From<&str> for Event {
    fn from(data: &str) -> Event {
        Event::new(data)
    }
}

/// The same.
impl From<String> for Event {
    fn from(data: String) -> Event {
        Event::new(data)
    }
}

impl Event {
    /// An event with this data; each of its lines becomes a `data:` line.
    pub fn new(data: impl AsRef<str>) -> Event {
        let mut event = Event::default();
        for line in lines(data.as_ref()) {
            event.field("data", line);
        }
        event
    }

    /// An event whose data is JSON.
    ///
    /// # Errors
    /// The value cannot be written as JSON.
    pub fn json(data: &impl serde::Serialize) -> Result<Event> {
        Ok(Event::new(serde_json::to_string(data)?))
    }

    /// A comment, which browsers ignore.
    pub fn comment(text: impl AsRef<str>) -> Event {
        let mut event = Event::default();
        for line in lines(text.as_ref()) {
            event.field("", line);
        }
        event
    }

    /// Names the event; browsers dispatch it to listeners of that name. Line breaks become spaces.
    #[must_use]
    pub fn name(mut self, name: impl AsRef<str>) -> Event {
        self.field("event", &one_line(name.as_ref()));
        self
    }

    /// Gives the event an id, which browsers send back as `Last-Event-ID`. Line breaks and NUL become spaces.
    #[must_use]
    pub fn id(mut self, id: impl AsRef<str>) -> Event {
        self.field("id", &one_line(id.as_ref()));
        self
    }

    /// Tells browsers how long to wait before they connect again.
    #[must_use]
    pub fn retry(mut self, wait: Duration) -> Event {
        let _ = writeln!(self.text, "retry: {}", wait.as_millis());
        self
    }

    fn field(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "{name}: {value}");
    }
}

impl Responder for Sse {
    fn respond(self, res: &mut Response) -> Result {
        if res.body.is_some() {
            return Ok(());
        }
        // What a handler, or a filter before it, has said stands.
        for (name, value) in [("cache-control", "no-cache"), ("x-accel-buffering", "no")] {
            if !res.headers.contains(name) {
                res.headers.append(name, value);
            }
        }
        let sleep = (!self.keep_alive.is_zero()).then(|| Box::pin(tokio::time::sleep(self.keep_alive)));
        let stopping = Box::pin(stopping());
        let wire = Wire { events: self.events, silence: self.keep_alive, sleep, stopping };
        res.offer_body(Body::stream(wire), "text/event-stream");
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.stream();
        answers.body("text/event-stream", Schema::text());
    }
}

/// Turns a user's stream into one of [`Error`]s.
struct Events<S> {
    stream: Pin<Box<S>>,
}

impl<S, E> Stream for Events<S>
where
    S: Stream<Item = Result<Event, E>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Event>>> {
        self.stream.as_mut().poll_next(cx).map_err(|error| Error::from_boxed(error.into()))
    }
}

/// Events as bytes, with comments in silences.
struct Wire {
    events: Pin<Box<dyn Stream<Item = Result<Event>> + Send>>,
    silence: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    stopping: BoxFuture<'static, ()>,
}

impl Stream for Wire {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.stopping.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        let next = self.events.as_mut().poll_next(cx);
        let again = clock::after(self.silence);
        if let Poll::Ready(next) = next {
            if let Some(sleep) = &mut self.sleep {
                sleep.as_mut().reset(again);
            }
            return Poll::Ready(next.map(|event| {
                event.map(|event| {
                    let mut text = event.text;
                    text.push('\n');
                    Bytes::from(text)
                })
            }));
        }
        if let Some(sleep) = &mut self.sleep
            && sleep.as_mut().poll(cx).is_ready()
        {
            sleep.as_mut().reset(again);
            return Poll::Ready(Some(Ok(Bytes::from_static(b": keep-alive\n\n"))));
        }
        Poll::Pending
    }
}

/// Splits at CR LF, LF and CR alike, as browsers do, so that data cannot end its field.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], " ")
}

const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_line_by_line() {
        let table = [
            (Event::new("a"), "data: a\n"),
            (Event::new("a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n"),
            (Event::new("x").name("n\nevil").id("1"), "data: x\nevent: n evil\nid: 1\n"),
            (Event::comment("hi"), ": hi\n"),
            (Event::new("").retry(Duration::from_secs(2)), "data: \nretry: 2000\n"),
        ];
        for (event, text) in table {
            assert_eq!(event.text, text);
        }
    }
}
