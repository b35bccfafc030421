//! Where access lines go, and in which form: what the builder is told.

use std::path::PathBuf;

use super::form::Form;
use super::lines;
use super::to::{Open, Opened, To};

/// Lines of requests in a form that other programs read, besides the events of `tracing`: one line each when it has been answered.
///
/// ```no_run
/// use vernal::{AccessLog, server};
///
/// # fn main() -> vernal::Result {
/// server::new().access_log(AccessLog::combined().file("/var/log/shop/access.log")).start()
/// # }
/// ```
///
/// They are written by a thread of their own: nothing waits for it. What comes faster than it can be written, beyond 1 MiB, is dropped
/// and counted, and the count stands in the place of the lines. Times are UTC.
///
/// A file is made if it is not there, and added to if it is. When it is moved or removed, as `logrotate` does, the next lines go to a new
/// one of that name, within a second.
///
/// Control characters, quotes and backslashes in what peers send are escaped, so that nobody can forge a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLog {
    form: Form,
    to: To,
    open: Open,
}

impl AccessLog {
    /// The common form of web servers: `127.0.0.1 - ann [29/Nov/2026:23:19:01 +0000] "GET /hello HTTP/1.1" 200 12`. The name is that of
    /// [`UserName`](crate::security::UserName) in the extensions of the request; the size is that of the body as it was sent.
    #[doc(alias = "clf")]
    pub fn common() -> AccessLog {
        AccessLog::of(Form::Common)
    }

    /// The combined form: the common one, then `"referer" "user agent"`.
    pub fn combined() -> AccessLog {
        AccessLog::of(Form::Combined)
    }

    /// An object of JSON on each line, with the names of OpenTelemetry: `time`, `client.address`, `user.name`, `http.request.method`,
    /// `url.path`, `url.query`, `http.route`, `network.protocol.version`, `http.response.status_code`, `http.response.body.size`,
    /// `duration` (seconds), `request.id`, `trace_id` and `span_id` where [`Request::trace`](crate::Request::trace) is known, `http.request.header.referer`, `user_agent.original`, and `error.type`, `aborted`, where the
    /// connection ended before the answer did. What is not known is left out.
    pub fn json() -> AccessLog {
        AccessLog::of(Form::Json)
    }

    fn of(form: Form) -> AccessLog {
        AccessLog { form, to: To::StandardError, open: Open(lines::open) }
    }

    /// Opens it.
    ///
    /// # Errors
    /// The file cannot be opened, or there can be no thread; the text says which.
    pub(crate) fn open(&self) -> Opened {
        (self.open.0)(self.form, &self.to)
    }

    /// Writes to standard output. Default: standard error.
    #[must_use]
    pub fn stdout(mut self) -> AccessLog {
        self.to = To::StandardOutput;
        self
    }

    /// Writes to this file. One that cannot be opened is an error at start.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> AccessLog {
        self.to = To::File(path.into());
        self
    }
}
