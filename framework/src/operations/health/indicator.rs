//! What can tell whether a part of an application is well.

use std::error::Error as StdError;

use crate::http::{BoxFuture, Error, Result};

/// A part that an application needs, and that may fail by itself: a database, a disk, another service. Given to
/// [`Actuator::indicator`](crate::Actuator::indicator); an `async` closure without arguments is one.
///
/// ```
/// use vernal::{Actuator, BoxFuture, HealthIndicator, Result};
///
/// struct Warehouse { url: String }
///
/// impl HealthIndicator for Warehouse {
///     fn check(&self) -> BoxFuture<'_, Result> {
///         Box::pin(async {
///             tokio::net::TcpStream::connect(&self.url).await?;
///             Ok(())
///         })
///     }
/// }
///
/// let actuator = Actuator::new()
///     .indicator("warehouse", Warehouse { url: "warehouse:80".to_owned() })
///     .indicator("stock", async || std::fs::metadata("stock.csv").map(drop));
/// # let _ = actuator;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` tells nobody whether it is well",
    label = "give an async closure without arguments that returns a `Result<()>`: `async || ping().await`",
    note = "or implement `vernal::HealthIndicator` for it"
)]
pub trait HealthIndicator: Send + Sync + 'static {
    /// Finds out whether it is well. One that takes longer than [`Actuator::timeout`](crate::Actuator::timeout), or panics, is not.
    ///
    /// # Errors
    /// What is wrong; the text is shown to whoever asks the actuator, causes included.
    fn check(&self) -> BoxFuture<'_, Result>;
}

impl<F, Fut, E> HealthIndicator for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    fn check(&self) -> BoxFuture<'_, Result> {
        let checking = self();
        Box::pin(async move { checking.await.map_err(|error| Error::from_boxed(error.into())) })
    }
}
