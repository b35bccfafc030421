//! The order in which components are made: each after those it takes. What cannot be ordered is told with all its places.

use super::making::{Component, LifeFunction, Moment, Plan, made};
use crate::base::sorted;
use crate::bind::StateNeed;
use crate::http::Context;

/// [`Making::order`](super::Making::order)
pub(super) fn order(
    components: Vec<&'static Component>,
    functions: Vec<&'static LifeFunction>,
    context: &Context,
    problems: &mut Vec<String>,
) -> Plan {
    let mut wanted: Vec<&'static Component> = Vec::new();
    for component in components {
        if context.has_state(made(component)) {
            continue;
        }
        match wanted.iter().find(|other| made(other) == made(component)) {
            Some(other) => problems.push(format!(
                "{} and {} both make `{}`: keep one of them, or let one return a type of its own",
                other.at,
                component.at,
                (component.made)().name()
            )),
            None => wanted.push(component),
        }
    }
    let components = ordered(wanted, problems);
    // A function is called after others that need less.
    let rank = |function: &LifeFunction| {
        let place = |need: &StateNeed| components.iter().position(|it| made(it) == (need.type_id)());
        function.states.iter().filter_map(place).max()
    };
    let on = |moment: Moment| {
        let mut functions: Vec<_> = functions.iter().copied().filter(|it| it.on == moment).collect();
        sorted::sort_by_key(&mut functions, |function| (rank(function), function.at));
        functions
    };
    let starts = on(Moment::Start);
    let stops = on(Moment::Stop).into_iter().rev().collect();
    Plan { making: None, components, starts, stops }
}

fn ordered(mut left: Vec<&'static Component>, problems: &mut Vec<String>) -> Vec<&'static Component> {
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_free = |component: &&'static Component| next(component, &left).is_none();
        let index = left.iter().position(is_free).unwrap_or_else(|| {
            let circle = circle(&left);
            problems.push(told(&circle));
            left.iter().position(|it| it.at == circle[0].0.at).expect("it is one of them")
        });
        ordered.push(left.remove(index));
    }
    ordered
}

/// The first of the others that must be made before this one, and the state it is taken for.
fn next(
    component: &Component,
    left: &[&'static Component],
) -> Option<(&'static Component, &'static StateNeed)> {
    component.states.iter().find_map(|need| {
        let maker = left.iter().find(|other| made(other) == (need.type_id)())?;
        Some((*maker, need))
    })
}

type Step = (&'static Component, &'static StateNeed);

/// Components of which each takes what the next one makes, and the last one what the first one does. Each of those that are left takes
/// something of another.
fn circle(left: &[&'static Component]) -> Vec<Step> {
    let mut path: Vec<Step> = Vec::new();
    let mut at = left[0];
    loop {
        if let Some(begin) = path.iter().position(|(seen, _)| seen.at == at.at) {
            let mut circle = path.split_off(begin);
            let first = (0..circle.len()).min_by_key(|index| circle[*index].0.at).unwrap_or(0);
            circle.rotate_left(first);
            return circle;
        }
        let (maker, need) = next(at, left).expect("none of them is free");
        path.push((at, need));
        at = maker;
    }
}

fn told(circle: &[Step]) -> String {
    if let [(alone, need)] = circle {
        return format!("the component {} takes `State<&{}>`, which it makes itself", alone.at, need.name());
    }
    let steps: Vec<_> = circle
        .iter()
        .map(|(component, need)| format!("{} takes `State<&{}>`", component.at, need.name()))
        .collect();
    format!(
        "components in a circle, of which none can be made first: {}, which is made by the first: let one of them do without",
        steps.join(", made by ")
    )
}
