//! CBOR (RFC 8949), by `cbor4ii`, which bounds the depth of what it reads.

use cbor4ii::core::dec::Read;
use cbor4ii::core::utils::{BufWriter, SliceReader};
use erased_serde::Serialize;

use super::ContentFormat;
use crate::http::{Error, Result};

/// [`Content`](crate::Content) as `application/cbor` (RFC 8949): what JSON says in fewer bytes, and with byte strings. Needs the
/// feature `cbor`.
///
/// ```
/// use vernal::{Cbor, server};
///
/// let server = server::new().content(Cbor);
/// # let _ = server;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Cbor;

impl ContentFormat for Cbor {
    fn media_type(&self) -> &'static str {
        "application/cbor"
    }

    fn write(&self, value: &dyn Serialize, to: &mut Vec<u8>) -> Result {
        let mut serializer = cbor4ii::serde::Serializer::new(BufWriter::new(std::mem::take(to)));
        let written = value.erased_serialize(&mut <dyn erased_serde::Serializer>::erase(&mut serializer));
        *to = serializer.into_inner().into_inner();
        Ok(written?)
    }

    fn read<'r>(
        &self,
        body: &'r [u8],
        make: &mut dyn FnMut(&mut dyn erased_serde::Deserializer<'r>) -> Result<(), erased_serde::Error>,
    ) -> Result {
        let mut deserializer = cbor4ii::serde::Deserializer::new(SliceReader::new(body));
        make(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut deserializer))?;
        let mut rest = deserializer.into_inner();
        let rest = rest.fill(1).map_or(0, |rest| rest.as_ref().len());
        if rest > 0 { Err(Error::bad_request("something follows the value")) } else { Ok(()) }
    }
}
