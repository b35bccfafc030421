//! All indicators of an application, and what they said last.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::given::GivenIndicator;
use crate::http::Context;

/// See the head of this file.
pub(crate) struct Indicators {
    all: Vec<GivenIndicator>,
    timeout: Duration,
    /// Held while they are asked, so that many who want to know ask once.
    last: Mutex<Option<(Instant, Arc<[Component]>)>>,
}

/// What one of them said.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) name: &'static str,
    /// What is wrong with it.
    pub(crate) problem: Option<String>,
}

impl Indicators {
    pub(crate) fn new(all: Vec<GivenIndicator>, timeout: Duration) -> Indicators {
        Indicators { all, timeout, last: Mutex::new(None) }
    }

    /// What all of them say, or have just said, of the states of their application.
    pub(crate) async fn ask(&self, context: &Arc<Context>) -> Arc<[Component]> {
        let mut last = self.last.lock().await;
        if let Some((at, components)) = &*last
            && at.elapsed() < FRESH
        {
            return Arc::clone(components);
        }
        let components: Arc<[Component]> = self.ask_all(context).await.into();
        *last = Some((Instant::now(), Arc::clone(&components)));
        components
    }

    async fn ask_all(&self, context: &Arc<Context>) -> Vec<Component> {
        let mut asked = JoinSet::new();
        for (index, indicator) in self.all.iter().enumerate() {
            let (indicator, context, timeout) = (indicator.clone(), Arc::clone(context), self.timeout);
            let asking = async move {
                match tokio::time::timeout(timeout, indicator.check(&context)).await {
                    Ok(Ok(())) => None,
                    Ok(Err(error)) => Some(error.words_with_causes()),
                    Err(_) => Some(format!("it has not answered within {timeout:?} (Actuator::timeout)")),
                }
            };
            asked.spawn(async move { (index, asking.await) });
        }
        let untold = "it panicked; the log has more";
        let mut components: Vec<_> = self
            .all
            .iter()
            .map(|indicator| Component { name: indicator.name(), problem: Some(untold.to_owned()) })
            .collect();
        while let Some(told) = asked.join_next().await {
            let Ok((index, problem)) = told else { continue };
            if let Some(component) = components.get_mut(index) {
                component.problem = problem;
            }
        }
        components
    }
}

/// How long an answer holds.
const FRESH: Duration = Duration::from_millis(500);
