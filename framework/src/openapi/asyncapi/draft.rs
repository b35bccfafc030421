//! Schemas as AsyncAPI has them: its own dialect is built on draft 07 of JSON Schema, where types give draft 2020-12.

use serde_json::Value;

use crate::openapi::schemas::VALUES;

/// Says in words of draft 07 what only draft 2020-12 says so: the elements of a tuple.
pub(super) fn as_draft_07(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            // A property may be called so, too, but is no list.
            if members.get("prefixItems").is_some_and(Value::is_array) {
                if let Some(others) = members.remove("items") {
                    members.insert("additionalItems".to_owned(), others);
                }
                let elements = members.remove("prefixItems").unwrap_or_default();
                members.insert("items".to_owned(), elements);
            }
            for (key, value) in members {
                if !VALUES.contains(&&**key) {
                    as_draft_07(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_draft_07),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tuples_have_items() {
        let mut schema = json!({
            "properties": {
                "pair": { "type": "array", "prefixItems": [{ "type": "string" }, { "prefixItems": [{}] }], "items": false },
                "prefixItems": { "type": "string" },
                "plain": { "items": { "type": "string" } },
            },
            "default": { "prefixItems": [1] },
        });
        as_draft_07(&mut schema);
        let expected = json!({
            "properties": {
                "pair": { "type": "array", "items": [{ "type": "string" }, { "items": [{}] }], "additionalItems": false },
                "prefixItems": { "type": "string" },
                "plain": { "items": { "type": "string" } },
            },
            "default": { "prefixItems": [1] },
        });
        assert_eq!(schema, expected);
    }
}
