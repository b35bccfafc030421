//! A representation (RFC 9110, section 3.2): one form of a resource, with all that is said of it in every answer.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;

use super::mark::Mark;
use crate::base::Headers;
use crate::proto::conditions::Validators;
use crate::proto::{AcceptEncoding, Coding};

/// What is known of one form of a resource.
pub(super) struct Representation {
    pub(super) coding: Coding,
    pub(super) size: u64,
    pub(super) content_type: Cow<'static, str>,
    /// Strong, with its quotes.
    etag: Option<String>,
    /// In seconds since 1970.
    modified: Option<u64>,
    /// All fields of an answer that carries it whole.
    pub(super) headers: Headers,
}

/// What the representations of a resource have in common.
pub(super) struct Common<'c> {
    pub(super) content_type: Cow<'static, str>,
    pub(super) cache_control: Option<&'c str>,
    /// Whether there are others, so that the answer depends on `Accept-Encoding`.
    pub(super) varies: bool,
}

impl Representation {
    /// A file's.
    pub(super) fn of_file(size: u64, mark: Mark, coding: Coding, common: &Common<'_>) -> Representation {
        // What can be written to a text cannot fail.
        let mut etag = String::with_capacity(64);
        let modified = match mark {
            Mark::Time(since, trace) => {
                let _ = write!(etag, "\"{:x}-{trace:x}-{size:x}", since.as_nanos());
                Some(since.as_secs())
            }
            Mark::Content(sum) => {
                let _ = write!(etag, "\"{sum:032x}-{size:x}");
                None
            }
            Mark::Nothing => None,
        };
        let etag = (mark != Mark::Nothing).then(|| {
            if coding != Coding::Identity {
                etag.push('-');
                etag.push_str(coding.token());
            }
            etag.push('"');
            etag
        });
        Representation::new(coding, size, etag, modified, common)
    }

    /// That of a content which is known by its hash.
    pub(super) fn of_content(size: usize, hash: u64, coding: Coding, common: &Common<'_>) -> Representation {
        Representation::new(coding, size as u64, Some(format!("\"{hash:016x}-{size:x}\"")), None, common)
    }

    fn new(
        coding: Coding,
        size: u64,
        etag: Option<String>,
        modified: Option<u64>,
        common: &Common<'_>,
    ) -> Representation {
        let mut headers = Headers::with_room(256, 7);
        headers.append("content-type", &*common.content_type);
        if let Some(etag) = &etag {
            headers.append("etag", etag.as_str());
        }
        if let Some(modified) = modified {
            let date = UNIX_EPOCH + Duration::from_secs(modified);
            headers.append("last-modified", httpdate::fmt_http_date(date));
        }
        headers.append("accept-ranges", "bytes");
        if coding != Coding::Identity {
            headers.append("content-encoding", coding.token());
        }
        if common.varies {
            headers.append("vary", "accept-encoding");
        }
        if let Some(value) = common.cache_control {
            headers.append("cache-control", value);
        }
        Representation { coding, size, content_type: common.content_type.clone(), etag, modified, headers }
    }

    pub(super) fn validators(&self) -> Validators<'_> {
        Validators { etag: self.etag.as_deref(), modified: self.modified }
    }
}

/// The codings that may lie beside a file, the best first, and how their names end.
pub(super) const SIBLINGS: [(Coding, &str); 3] =
    [(Coding::Brotli, ".br"), (Coding::Zstd, ".zst"), (Coding::Gzip, ".gz")];

/// Which of the codings there are is sent, in identity's place or as it.
pub(super) fn choose(headers: &Headers, there_are: &[Coding]) -> Coding {
    if there_are.is_empty() {
        return Coding::Identity;
    }
    // Whoever takes nothing of all there is gets it plain: that is of more use than a 406.
    let accepted = AcceptEncoding::parse(headers.get_all_bytes("accept-encoding"));
    accepted.best(there_are).unwrap_or(Coding::Identity)
}

/// A resource in memory, with all its representations; identity comes first.
pub(super) struct Stored(Vec<(Representation, Bytes)>);

impl Stored {
    pub(super) fn new(representations: Vec<(Representation, Bytes)>) -> Stored {
        debug_assert!(representations.first().is_some_and(|(first, _)| first.coding == Coding::Identity));
        Stored(representations)
    }

    /// The one for a request.
    pub(super) fn choose(&self, headers: &Headers) -> Option<(&Representation, &Bytes)> {
        let chosen = match &self.0[..] {
            [only] => Some(only),
            all => {
                let mut codings = [Coding::Identity; SIBLINGS.len()];
                let mut count = 0;
                for ((one, _), place) in all.iter().skip(1).zip(&mut codings) {
                    (*place, count) = (one.coding, count + 1);
                }
                let coding = choose(headers, &codings[..count]);
                all.iter().find(|(one, _)| one.coding == coding)
            }
        };
        chosen.map(|(representation, bytes)| (representation, bytes))
    }

    /// How many bytes it holds, and about as many again as it needs to hold them.
    pub(super) fn weight(&self) -> usize {
        self.0.iter().map(|(one, bytes)| bytes.len() + one.headers.bytes().len() + OVERHEAD).sum()
    }
}

/// What a representation in memory costs beside its bytes, roughly.
const OVERHEAD: usize = 512;
