//! A service: a list of tasks over HTTP, and a port for those who run it.

mod settings;
mod tasks;
#[cfg(test)]
mod tests;

use vernal::prelude::*;
use vernal::security::{BearerAuth, SecurityHeaders, constant_time_eq};
use vernal::{Actuator, Config, Metrics, Settings};

use settings::Service;

fn main() -> Result {
    server::new().config(config(Settings::new())?).start()
}

/// All that the server is made of, so that tests are served the same.
fn config(settings: Settings) -> Result<Config> {
    let service: Service = settings.section("service")?;
    let mut config = Config::new()
        .settings(settings)
        .filter("/**", SecurityHeaders::new())
        .actuator(Actuator::new().indicator("tasks", tasks::can_be_kept))
        .metrics(Metrics::new());
    if let Some(expected) = service.token {
        let authentication = BearerAuth::new(move |token| {
            let is_right = constant_time_eq(token, expected.reveal());
            async move { is_right.then_some(()) }
        });
        config = config.filter("/tasks/**", authentication);
    }
    Ok(config)
}
