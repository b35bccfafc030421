//! Content in the forms that an application knows: a type only says that it is negotiated, for the forms are told at start.

use serde_json::{Map, Value};

use crate::contract::NEGOTIATED;

/// Puts the media types of all forms in the place of the one that stands for them.
pub(super) fn name_forms(document: &mut Value, forms: &[&str]) {
    match document {
        Value::Object(members) => {
            if let Some(Value::Object(content)) = members.get_mut("content") {
                expand(content, forms);
            }
            members.values_mut().for_each(|member| name_forms(member, forms));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| name_forms(element, forms)),
        _ => {}
    }
}

fn expand(content: &mut Map<String, Value>, forms: &[&str]) {
    let Some(negotiated) = content.remove(NEGOTIATED) else { return };
    for form in forms {
        content.entry(*form).or_insert_with(|| negotiated.clone());
    }
}
