//! The life of an application's components: they are made, those who wait for that are called, and in the end the others are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::making::{LifeFunction, Living, Making, Plan, Started, Work};
use super::plan;
use super::workers::{Ended, Hurry, Workers};
use crate::base::say;
use crate::http::{BoxFuture, Context, Result};

/// The only one there is. For generated code.
pub static MAKING: Making = Making { order: plan::order, build };

/// [`Living`]
pub(super) struct Life {
    workers: Option<Workers>,
    context: Option<Arc<Context>>,
    stops: Vec<&'static LifeFunction>,
    has_stopped: AtomicBool,
    /// Nobody is waited for any more.
    hurry: Hurry,
}

/// [`Started`]
struct Made {
    plan: Plan,
    workers: Workers,
    limit: Duration,
}

/// [`Making::build`]
fn build(plan: Plan, context: Context, limit: Duration) -> Result<(Box<dyn Started>, Context), String> {
    let workers = Workers::begin().map_err(|error| error.words().to_owned())?;
    let mut context = Arc::new(context);
    for component in &plan.components {
        let begun = Instant::now();
        let problem = match workers.run(component.build, &context, limit, &Hurry::default()) {
            Ended::Done(state) => {
                let type_id = ((component.made)().type_id)();
                let context = Arc::get_mut(&mut context).expect("nobody works with it now");
                context.add_made_state(type_id, state);
                say!(debug, "made the component {} in {:?}", component.at, begun.elapsed());
                continue;
            }
            Ended::Failed(words) => format!("the component {} cannot be made: {words}", component.at),
            Ended::NotDone => format!("the component {} {}", component.at, late(limit)),
        };
        workers.end(context);
        return Err(problem);
    }
    let context = Arc::into_inner(context).expect("nobody works with it now");
    Ok((Box::new(Made { plan, workers, limit }), context))
}

impl Started for Made {
    fn give_up(self: Box<Self>, context: Context) {
        self.workers.end(context);
    }

    fn begin(self: Box<Self>, context: &Arc<Context>) -> Result<Arc<dyn Living>, String> {
        let Plan { starts, stops, .. } = self.plan;
        let life = Life {
            workers: Some(self.workers),
            context: Some(Arc::clone(context)),
            stops,
            has_stopped: AtomicBool::new(false),
            hurry: Hurry::default(),
        };
        for LifeFunction { call, at, .. } in starts {
            match life.run(*call, self.limit) {
                Ended::Done(()) => {}
                Ended::Failed(words) => return Err(format!("{at}, an `#[on_start]`, failed: {words}")),
                Ended::NotDone => return Err(format!("{at}, an `#[on_start]`, {}", late(self.limit))),
            }
        }
        Ok(Arc::new(life))
    }
}

fn late(limit: Duration) -> String {
    format!(
        "is not done after {limit:?}: see what it waits for, or give it longer by `start_timeout(…)`, `server.start_timeout` of the settings"
    )
}

impl Living for Life {
    fn stop(self: Arc<Life>, limit: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if self.stops.is_empty() {
                return;
            }
            let (tell, told) = tokio::sync::oneshot::channel();
            let life = Arc::clone(&self);
            let waiting = thread::Builder::new().name("vernal-stopping".to_owned()).spawn(move || {
                let lines = life.call_stops(limit);
                drop(life);
                let _ = tell.send(lines);
            });
            match waiting {
                Ok(_) => say_all(told.await.unwrap_or_default()),
                Err(_) => self.stop_now(limit),
            }
        })
    }

    fn stop_now(&self, limit: Duration) {
        say_all(self.call_stops(limit));
    }

    fn hurry(&self) -> bool {
        self.hurry.begin()
    }
}

impl Life {
    /// What went wrong.
    fn call_stops(&self, limit: Duration) -> Vec<String> {
        let mut lines = Vec::new();
        if self.has_stopped.swap(true, Ordering::SeqCst) {
            return lines;
        }
        let begun = Instant::now();
        for LifeFunction { call, at, .. } in &self.stops {
            let left = limit.saturating_sub(begun.elapsed());
            if self.hurry.has_begun() {
                lines.push(format!("{at}, an `#[on_stop]`, is not called: it has been cut short"));
                continue;
            }
            if left.is_zero() {
                lines.push(format!("{at}, an `#[on_stop]`, is not called: the grace period is over"));
                continue;
            }
            match self.run(*call, left) {
                Ended::Done(()) => {}
                Ended::Failed(words) => lines.push(format!("{at}, an `#[on_stop]`, failed: {words}")),
                Ended::NotDone if self.hurry.has_begun() => {
                    lines.push(format!(
                        "cut {at}, an `#[on_stop]`, which is not done after {:?}",
                        begun.elapsed()
                    ));
                }
                Ended::NotDone => {
                    lines.push(format!("cut {at}, an `#[on_stop]`, which is not done after {left:?}"));
                }
            }
        }
        lines
    }

    fn run(&self, call: Work<()>, limit: Duration) -> Ended<()> {
        match (&self.workers, &self.context) {
            (Some(workers), Some(context)) => workers.run(call, context, limit, &self.hurry),
            _ => Ended::Done(()),
        }
    }
}

fn say_all(lines: Vec<String>) {
    for line in lines {
        say!(error, "{line}");
    }
}

/// An application that no server has stopped ends with whoever held it last.
impl Drop for Life {
    fn drop(&mut self) {
        self.stop_now(GRACE);
        if let Some(workers) = self.workers.take() {
            workers.end(self.context.take());
        }
    }
}

/// As servers have it by themselves.
const GRACE: Duration = Duration::from_secs(30);
