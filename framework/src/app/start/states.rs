//! The states of an application: those it is given, and those that its functions ask for.

use crate::app::config::State;
use crate::base::Location;
use crate::bind::StateNeed;
use crate::http::Context;

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

/// What is missing of the states that something asks for.
pub(super) fn missing(context: &Context, needs: &[StateNeed], at: &Location) -> impl Iterator<Item = String> {
    needs.iter().filter(|need| !context.has_state((need.type_id)())).map(move |need| {
        let type_name = (need.type_name)();
        format!(
            "{at} asks for `State<&{type_name}>`, and no state of that type was given: write \
             `server::new().state(…)` with a value of type `{type_name}`"
        )
    })
}
