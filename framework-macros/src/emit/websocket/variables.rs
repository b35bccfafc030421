//! Variables in the path of a WebSocket handler that none of its events takes.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::tokens::check;
use super::event::Event;
use crate::check::Pattern;
use crate::errors::{Errors, did_you_mean};

/// What can only be checked when types are known. `are_all` says whether no other function of the paths may take what these do not.
pub(super) fn checks(
    patterns: &[Pattern],
    events: &[&Event<'_>],
    are_all: bool,
    errors: &mut Errors,
) -> TokenStream {
    patterns.iter().map(|pattern| of_path(pattern, events, are_all, errors)).collect()
}

fn of_path(pattern: &Pattern, events: &[&Event<'_>], are_all: bool, errors: &mut Errors) -> TokenStream {
    let arguments: Vec<_> = events
        .iter()
        .flat_map(|event| {
            let bound = event.bound.iter().filter(|argument| argument.mutable.is_none());
            bound.map(|argument| argument.name.as_str()).zip(event.adapter().profiles())
        })
        .collect();
    let is_taken = |variable: &str| arguments.iter().any(|(name, _)| *name == variable);
    let mut checks = TokenStream::new();
    for variable in pattern.variables.iter().filter(|it| !it.starts_with('_') && !is_taken(it)) {
        let others = arguments.iter().map(|(name, _)| *name);
        let others = others.filter(|name| *name != "_" && !pattern.variables.iter().any(|it| it == name));
        let meant = did_you_mean(variable, others);
        let nearly = arguments.iter().filter(|(name, _)| Some(*name) == meant).map(|(_, profile)| profile);
        let problem_of = |what: String| format!("no argument takes `{variable}` from the path: {what}");
        let typo = problem_of(format!("did you mean it by `{}`?", meant.unwrap_or_default()));
        let first = events.first().map(|event| event.function.name()).unwrap_or_default();
        let problem = problem_of(format!(
            "add `{variable}: &str` to `{first}`, or write `{{_{variable}}}` if it does not matter"
        ));
        if arguments.is_empty() && are_all {
            errors.at(pattern.span, problem);
            continue;
        }
        let all = arguments.iter().filter(|_| are_all).map(|(_, profile)| profile);
        let call = quote!(check_taken(&[#(#nearly),*], #typo, &[#(#all),*], #problem));
        checks.extend(check(pattern.span, call));
    }
    checks
}
