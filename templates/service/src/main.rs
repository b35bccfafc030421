//! A service: settings from the environment, a list of tasks, and where to look whether it is well.

mod settings;
mod tasks;
#[cfg(test)]
mod tests;

use vernal::prelude::*;
use vernal::security::{BearerAuth, SecurityHeaders, constant_time_eq};
use vernal::{Config, Limits};

use settings::Settings;
use tasks::Tasks;

#[request_map("/health", method = "GET")]
fn health() -> &'static str {
    "well"
}

fn main() -> Result {
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    server::new().config(config(settings)?).systemd(None).start()
}

/// All that the server is made of but its port, so that tests are served the same.
fn config(settings: Settings) -> Result<Config> {
    let mut config = Config::new()
        .state(Tasks::open(&settings)?)
        .limits(Limits::new().body_size(64 << 10))
        .filter("/**", SecurityHeaders::new());
    if let Some(expected) = settings.token {
        let authentication = BearerAuth::new(move |token| {
            let is_right = constant_time_eq(token, &expected);
            async move { is_right.then_some(()) }
        });
        config = config.filter("/tasks/**", authentication);
    }
    Ok(config)
}
