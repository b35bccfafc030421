//! Options as other frameworks call them, and what is written here instead.

/// What to write for an option that an attribute has not, but one of another framework has.
pub(super) fn instead_of(attribute: &str, key: &str) -> Option<String> {
    let upper = key.to_ascii_uppercase();
    if attribute == "arg" {
        return Some(argument(key)?.to_owned());
    }
    if METHODS.contains(&upper.as_str()) && matches!(attribute, "request_map" | "route") {
        return Some(format!("write `method = \"{upper}\"`"));
    }
    if is_path(key) {
        return Some(match attribute {
            "error_message" => {
                "statuses come first, without a name: `#[error_message(\"404\", \"50x\")]`".to_owned()
            }
            "controller" => "the prefix comes first, without a name: `#[controller(\"/shop\")]`".to_owned(),
            "component" | "on_start" | "on_stop" => {
                "write `app = \"…\"` if it is for one application".to_owned()
            }
            "config" => "write the section, and `app = \"…\"` if it is for one application".to_owned(),
            _ => format!("paths come first, without a name: `#[{attribute}(\"/hello\")]`"),
        });
    }
    let text = match (attribute, key) {
        ("component", "name" | "qualifier" | "primary") => {
            "a component is known by its type: two of one type are told apart by types of their own around them"
        }
        ("component", "order" | "depends_on") => {
            "components are made in the order in which they take each other"
        }
        ("component", "scope" | "singleton" | "lazy") => {
            "a component is made once for each application, at its start"
        }
        ("on_start" | "on_stop", "order") => {
            "they are called in the order of the components they take, and at the stop in the reverse one"
        }
        ("error_message", "code" | "codes" | "status") => {
            "statuses come first, without a name: `#[error_message(\"404\", \"50x\")]`"
        }
        ("error_message", "exception" | "error") => "the type of an error is that of an argument",
        ("request_filter", "method" | "methods") => {
            "a filter runs for all methods: ask `cx.request.method` in it"
        }
        ("controller" | "endpoint", "singleton" | "scope") => {
            "one object serves all requests, unless you write `per_request`"
        }
        ("websocket_handler", "subprotocol" | "subprotocols" | "protocols") => "write `protocol = \"…\"`",
        (_, "consumes" | "content_type") => "narrow by `headers = \"Content-Type^=application/json\"`",
        (_, "produces" | "accept" | "format") => {
            "what is returned has its own content type, like `Json<T>`; to narrow, write `headers = \"Accept^=text/\"`"
        }
        (_, "data" | "body") => "the body is an argument: `Json<T>`, `Form<T>`, `Text<String>` or `Bytes`",
        (_, "rank" | "priority") => "write `order = 1`; lower comes first",
        (_, "krate" | "crates" | "crate_path" | "crate_name") => "write `crate = my_facade::vernal`",
        (_, "query") => "a parameter is an argument of its name; to narrow, write `params = \"a=b\"`",
        (_, "host") => "narrow by `headers = \"Host=example.org\"`",
        (_, "guard" | "wrap" | "middleware" | "dependencies" | "before") => {
            "write a function with `#[request_filter(\"/path/**\")]`"
        }
        ("request_map" | "route", "status_code" | "response_status") => "write `status = 201`",
        ("request_map" | "route" | "request_filter", "response" | "returns") => {
            "write `responses(404 = \"why\")`, or `responses(409 = Json<…>)`"
        }
        ("request_map" | "route" | "endpoint" | "controller", "security") => {
            "who may ask is a matter of the filters over the path: write it in their `#[request_filter(…)]`, or take an `Identity<&…>`"
        }
        ("request_map" | "route" | "endpoint", "tags") => "write `tag = \"…\"`",
        ("request_map" | "route" | "endpoint", "include_in_schema") => "write `hidden`, or leave it out",
        (_, "summary" | "description" | "operation_id" | "deprecated") => {
            "what a handler is for its doc comment says, and `#[deprecated]`; its name is the function's"
        }
        (_, "status_code" | "status" | "response_model" | "responses") => {
            "what is returned says it: `(201, Json(value))`"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Whether an option is what elsewhere holds the path.
pub(super) fn is_path(key: &str) -> bool {
    matches!(key, "value" | "path" | "paths" | "rule" | "url" | "uri" | "pattern" | "prefix")
}

fn argument(key: &str) -> Option<&'static str> {
    Some(match key {
        "value" | "alias" | "rename" => "write `name = \"…\"`",
        "default_value" | "defaultValue" => "write `default = …`",
        "required" | "optional" => "an argument is required unless it is an `Option<…>`, or has a `default`",
        "min" | "max" | "ge" | "gt" | "le" | "lt" | "min_length" | "max_length" | "regex" | "pattern"
        | "validate" => "a value checks itself: take a type of your own that implements `FromValue`",
        _ => return None,
    })
}

const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"];
