//! The application that one of its own filters tells of, once it is there.

use std::sync::{Arc, OnceLock, Weak};

use super::application::{App, Inner};
use crate::http::{Error, Result};

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described(Arc<OnceLock<Weak<Inner>>>);

impl Described {
    /// Names the application.
    pub(crate) fn is(&self, app: &App) {
        let _ = self.0.set(Arc::downgrade(&app.0));
    }

    /// The application.
    ///
    /// # Errors
    /// It is gone.
    pub(crate) fn app(&self) -> Result<App> {
        let app = self.0.get().and_then(Weak::upgrade).map(App);
        app.ok_or_else(|| Error::internal("the application that is told of is gone"))
    }
}
