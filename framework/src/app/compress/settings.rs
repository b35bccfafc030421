//! What is compressed, and how.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::engine::{ENGINE, Engine};
use crate::base::FlawedSetting;
use crate::proto::Coding;
use crate::proto::coding::Form;

/// How answers are compressed, for peers that say they can decode it:
/// [`Config::compression`](crate::Config::compression).
///
/// ```
/// use vernal::{Compression, Config};
///
/// let config = Config::new().compression(Compression::gzip(6));
/// let config = Config::new()
///     .compression(Compression::gzip(6).min_size(512).types(["text/html", "text/css", "application/json"]));
/// # let _ = config;
/// ```
///
/// An answer is compressed when its content type is one of [`Compression::types`], its body is not known to be
/// smaller than [`Compression::min_size`], and the peer's `Accept-Encoding` names a coding that is on (RFC 9110,
/// section 12.5.3: weights, `*`, `gzip;q=0` and `identity` count; between equals brotli goes before zstd before
/// gzip). This is so for error pages too.
///
/// Never compressed: what has a `Content-Encoding`, `Content-Range` or digest already, or `Cache-Control:
/// no-transform`, which is how an answer keeps out of it; the statuses 1xx, 204, 205, 206 and 304; WebSockets.
///
/// Every answer that would have been compressed for another peer says `Vary: Accept-Encoding`. A strong `ETag`
/// becomes a weak one with the compressed body, whose bytes are others; it still answers `If-None-Match`, which
/// compares weakly.
///
/// Bodies in memory up to 256 KiB are compressed before they are sent and have a `Content-Length`. Larger ones, files and
/// streams are compressed while they are sent, in chunks; a stream is flushed after each of its pieces, so server-sent
/// events come at once. Such a stream holds a compressor, about 300 KiB for gzip, as long as it is open. HEAD compresses
/// nothing: it has the fields of a GET but for the length.
///
/// # Secrets
/// The length of a compressed answer tells an eavesdropper something about its text. Where one answer holds both a
/// secret (a CSRF token, say) and something an attacker chose (a search term that is shown again), and the attacker
/// can make a browser ask often, the secret can be found letter by letter, TLS or not (the BREACH attack). Send such
/// answers with `Cache-Control: no-transform`, or mask the secret anew in every answer.
#[derive(Clone, Debug)]
pub struct Compression {
    gzip: u8,
    #[cfg(feature = "brotli")]
    brotli: Option<u8>,
    #[cfg(feature = "zstd")]
    zstd: Option<u8>,
    /// The codings that are on, the best first.
    offered: Vec<Coding>,
    min_size: u64,
    types: Cow<'static, [Cow<'static, str>]>,
    problem: FlawedSetting,
    engine: &'static Engine,
}

impl Compression {
    /// gzip at a level from 0 (none) over 1 (fast) and 6 (usual) to 9 (small). Any other is an error at start.
    #[track_caller]
    pub fn gzip(level: u8) -> Compression {
        let compression = Compression {
            gzip: level,
            #[cfg(feature = "brotli")]
            brotli: None,
            #[cfg(feature = "zstd")]
            zstd: None,
            offered: vec![Coding::Gzip],
            min_size: 1 << 10,
            types: Cow::Borrowed(TYPES),
            problem: FlawedSetting::default(),
            engine: &ENGINE,
        };
        compression.judged("gzip", level, 0..=9)
    }

    /// Brotli too, for peers that like it no less than gzip: at a level from 0 (fast) over 4 (about as fast as gzip
    /// at 6, and smaller) to 11 (a hundred times slower). Any other is an error at start.
    #[cfg(feature = "brotli")]
    #[must_use]
    #[track_caller]
    pub fn brotli(mut self, level: u8) -> Compression {
        self.brotli = Some(level);
        self.offer(Coding::Brotli);
        self.judged("brotli", level, 0..=11)
    }

    /// Zstandard too, for peers that like it no less than gzip: at a level from 1 (fast) over 3 (usual) to 19 (small). Any
    /// other is an error at start: beyond 19 its window is larger than peers must take (RFC 9659).
    #[cfg(feature = "zstd")]
    #[must_use]
    #[track_caller]
    pub fn zstd(mut self, level: u8) -> Compression {
        self.zstd = Some(level);
        self.offer(Coding::Zstd);
        self.judged("zstd", level, 1..=19)
    }

    /// Leaves bodies of fewer bytes as they are. Default 1024: what fits into one packet is not sent sooner for being
    /// smaller.
    #[must_use]
    pub fn min_size(mut self, bytes: u64) -> Compression {
        self.min_size = bytes;
        self
    }

    /// Compresses answers whose content type begins with one of these, in any case; `text/` stands for all texts.
    /// Default: text, JSON, JavaScript, XML, SVG, WebAssembly and fonts that are not compressed by themselves.
    #[must_use]
    pub fn types<T: Into<Cow<'static, str>>>(mut self, types: impl IntoIterator<Item = T>) -> Compression {
        self.types = types.into_iter().map(Into::into).collect();
        self
    }

    #[cfg(any(feature = "brotli", feature = "zstd"))]
    fn offer(&mut self, coding: Coding) {
        if !self.offered.contains(&coding) {
            self.offered.push(coding);
        }
        let rank =
            |coding: &Coding| [Coding::Brotli, Coding::Zstd, Coding::Gzip].iter().position(|it| it == coding);
        self.offered.sort_by_key(rank);
    }

    #[track_caller]
    fn judged(mut self, coding: &str, level: u8, levels: RangeInclusive<u8>) -> Compression {
        self.problem.judge(level, levels, |at, least, most| {
            format!("the compression at {at}: {coding} has the levels {least} to {most}, and none of {level}")
        });
        self
    }

    /// What is wrong with the settings.
    pub(crate) fn problem(&self) -> Option<String> {
        self.problem.text()
    }

    /// What does it.
    pub(super) fn engine(&self) -> &'static Engine {
        self.engine
    }

    /// The codings that are on, the best first.
    pub(super) fn offered(&self) -> &[Coding] {
        &self.offered
    }

    /// How a body becomes one of this coding; `None` if that is not on, or none.
    pub(super) fn form(&self, coding: Coding) -> Option<Form> {
        let level = match coding {
            Coding::Gzip => self.gzip,
            #[cfg(feature = "brotli")]
            Coding::Brotli => self.brotli?,
            #[cfg(feature = "zstd")]
            Coding::Zstd => self.zstd?,
            _ => return None,
        };
        Some(Form { coding, level })
    }

    /// The smallest body that is compressed: never an empty one.
    pub(super) fn least(&self) -> u64 {
        self.min_size.max(1)
    }

    /// Whether a content type is one of those that are compressed.
    pub(super) fn is_for(&self, content_type: &[u8]) -> bool {
        self.types.iter().any(|begin| {
            let begin = begin.as_bytes();
            content_type.get(..begin.len()).is_some_and(|it| it.eq_ignore_ascii_case(begin))
        })
    }
}

macro_rules! borrowed {
    ($($text:literal)*) => { &[$(Cow::Borrowed($text)),*] };
}

/// What is worth compressing. Pictures, sound, films and archives are compressed by themselves.
const TYPES: &[Cow<'static, str>] = borrowed![
    "text/"
    "application/json" "application/ld+json" "application/problem+json" "application/manifest+json"
    "application/geo+json" "application/vnd.api+json" "application/graphql-response+json"
    "application/x-ndjson" "application/jsonl" "application/json-seq"
    "application/javascript" "application/x-javascript" "application/ecmascript"
    "application/xml" "application/xhtml+xml" "application/rss+xml" "application/atom+xml" "application/soap+xml"
    "application/yaml" "application/x-yaml" "application/toml" "application/sql" "application/rtf"
    "application/wasm"
    "application/vnd.ms-fontobject" "application/x-font-ttf" "application/x-font-opentype"
    "font/ttf" "font/otf" "font/collection" "font/sfnt"
    "image/svg+xml" "image/bmp" "image/x-icon" "image/vnd.microsoft.icon"
];
