//! Operations that share a path and a method, as one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Two mappings that their conditions tell apart are one operation: it takes what either takes, and answers what either answers.
pub(super) fn join(known: &mut Value, other: Value) {
    let Value::Object(mut other) = other else { return };
    let required_by_both = |parameters: &Value, like: &Value| {
        let mut all = parameters.as_array().into_iter().flatten();
        all.any(|it| it["in"] == like["in"] && it["name"] == like["name"] && it["required"] == true)
    };
    let (mine, theirs) = (known["parameters"].take(), other.remove("parameters").unwrap_or_default());
    let mut joined: Vec<Value> = Vec::new();
    for parameter in mine.as_array().into_iter().chain(theirs.as_array()).flatten() {
        if joined.iter().any(|it| it["in"] == parameter["in"] && it["name"] == parameter["name"]) {
            continue;
        }
        let mut parameter = parameter.clone();
        let is_required = parameter["in"] == "path"
            || required_by_both(&mine, &parameter) && required_by_both(&theirs, &parameter);
        if let Some(members) = parameter.as_object_mut()
            && !is_required
        {
            members.remove("required");
        }
        joined.push(parameter);
    }
    match (known.as_object_mut(), joined.is_empty()) {
        (Some(members), true) => drop(members.remove("parameters")),
        _ => known["parameters"] = joined.into(),
    }
    if let Some(body) = other.remove("requestBody") {
        if known["requestBody"].is_null() {
            known["requestBody"] = body;
            if let Some(members) = known["requestBody"].as_object_mut() {
                members.remove("required");
            }
        } else {
            merge(&mut known["requestBody"], body);
        }
    } else if let Some(members) = known["requestBody"].as_object_mut() {
        members.remove("required");
    }
    if let Some(responses) = other.remove("responses") {
        merge(&mut known["responses"], responses);
    }
    let (mine, theirs) = (known["security"].take(), other.remove("security").unwrap_or_default());
    if mine != Value::Null || theirs != Value::Null {
        // What says nothing asks for nothing.
        let ways = |said: Value| if said.is_null() { json!([{}]) } else { said };
        let (Value::Array(mut ways), more) = (ways(mine), ways(theirs)) else { return };
        let more = more.as_array().into_iter().flatten().filter(|way| !ways.contains(way)).cloned();
        ways.extend(more.collect::<Vec<_>>());
        known["security"] = ways.into();
    }
    if let Some(conditions) = other.remove("x-vernal-conditions") {
        let mine = known["x-vernal-conditions"].take();
        let all = mine.as_array().into_iter().chain(conditions.as_array()).flatten().cloned();
        known["x-vernal-conditions"] = all.collect();
    }
    let nulls: BTreeSet<String> = known
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.is_null())
        .map(|(key, _)| key.clone())
        .collect();
    if let Some(members) = known.as_object_mut() {
        members.retain(|key, _| !nulls.contains(key));
    }
}

/// Adds what is not there; two schemas of one place are a choice.
fn merge(known: &mut Value, other: Value) {
    let Value::Object(other) = other else { return };
    for (key, value) in other {
        match known.get_mut(&key) {
            None => known[&*key] = value,
            Some(mine) if *mine == value => {}
            Some(mine) if key == "schema" => *mine = json!({ "anyOf": [mine.take(), value] }),
            Some(mine) => merge(mine, value),
        }
    }
}
