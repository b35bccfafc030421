//! What mappings may ask of a request.

use http::Method;

use crate::base::Headers;
use crate::http::Params;

/// See the head of this file.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'q> {
    /// The method.
    pub(crate) method: &'q Method,
    /// The path in its matched form.
    pub(crate) path: &'q str,
    /// The header fields.
    pub(crate) headers: &'q Headers,
    /// The parameters of the query.
    pub(crate) query: &'q Params,
    /// The fields of the form, if it was read.
    pub(crate) form: &'q Params,
    /// Whether there is a form that was not read yet.
    pub(crate) form_pending: bool,
}
