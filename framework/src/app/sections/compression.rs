//! `[compression]`.

use super::given::Given;
use super::server::texts;
use crate::app::compress::Compression;
use crate::settings::{Section, Switch, Texts, number, size};

pub(super) fn read(root: &mut Section<'_>) -> Given<Compression> {
    let mut section = match root.switch("compression") {
        Switch::Off => return Given::default(),
        Switch::On(section) | Switch::Unsaid(section) => section,
    };
    let level = section.take("gzip", number(0).to(9), "6");
    let mut compression = Compression::gzip(level.unwrap_or(6));
    #[cfg(feature = "brotli")]
    if let Some(level) = section.take("brotli", number(0).to(11), "(off)") {
        compression = compression.brotli(level);
    }
    #[cfg(not(feature = "brotli"))]
    super::without_feature::refuse(&mut section, "brotli", "brotli");
    #[cfg(feature = "zstd")]
    if let Some(level) = section.take("zstd", number(1).to(19), "(off)") {
        compression = compression.zstd(level);
    }
    #[cfg(not(feature = "zstd"))]
    super::without_feature::refuse(&mut section, "zstd", "zstd");
    if let Some(bytes) = section.take("min_size", size(0), "1 KiB") {
        compression = compression.min_size(bytes);
    }
    if let Some(types) =
        section.take("types", Texts, "(texts, JSON, JavaScript, XML, SVG, WebAssembly and plain fonts)")
    {
        compression = compression.types(texts(types));
    }
    let given = Given::of(&section, compression);
    section.finish();
    given
}
