//! The states of an application: those it is given, and those that its functions ask for.

use std::any::TypeId;

use crate::app::config::State;
#[cfg(feature = "config")]
use crate::app::settings;
use crate::base::Location;
use crate::bind::StateNeed;
use crate::components::Component;
use crate::http::Context;
use crate::registry::inventory;

/// Adds those that were given; `problems` gets what is wrong.
pub(super) fn give(states: Vec<State>, context: &mut Context, problems: &mut Vec<String>) {
    for state in states {
        if context.add_state(state.type_id, state.value).is_err() {
            problems.push(format!(
                "the state `{}` was given twice; wrap one of them in a type of its own",
                state.type_name
            ));
        }
    }
}

/// What is missing of the states that something asks for. Of those that are `told`, it is said already why they are not there.
pub(super) fn missing(
    context: &Context,
    told: &[TypeId],
    needs: &[StateNeed],
    at: &Location,
) -> impl Iterator<Item = String> {
    let is_missing = |need: &&StateNeed| {
        let type_id = (need.type_id)();
        !context.has_state(type_id) && !told.contains(&type_id)
    };
    needs.iter().filter(is_missing).map(move |need| {
        let type_name = (need.type_name)();
        #[cfg(feature = "config")]
        if let Some(advice) = settings::advice(need) {
            return format!("{at} asks for `State<&{type_name}>`, which {advice}");
        }
        let advice = format!(
            "{at} asks for `State<&{type_name}>`, and no state of that type was given: write \
             `server::new().state(…)` with a value of type `{type_name}`"
        );
        let makes_it = |it: &&Component| ((it.made)().type_id)() == (need.type_id)();
        match inventory::iter::<Component>.into_iter().find(makes_it) {
            Some(Component { at, app: Some(app), .. }) => {
                format!("{advice}; {at} makes one for `app = \"{app}\"` alone")
            }
            Some(Component { at, app: None, .. }) => {
                format!("{advice}; {at} makes one for what says no `app`")
            }
            None => format!("{advice}, or a function with `#[component]` that returns one"),
        }
    })
}
