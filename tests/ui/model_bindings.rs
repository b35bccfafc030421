use vernal::{Arg, Header, Request, Result, default_model_binding, model_binding};

struct Person;

#[model_binding]
fn no_result(_: &Request, _: &Arg) -> Person {
    Person
}

#[model_binding("Person")]
fn with_text(_: &Request) -> Result<Person> {
    Ok(Person)
}

struct Dog;

#[model_binding]
fn argument(_host: Header<&str>) -> Result<Dog> {
    Ok(Dog)
}

#[default_model_binding]
async fn waits(_: &Request, _: &Arg) -> Result<serde_json::Value> {
    Ok(serde_json::Value::Null)
}

#[default_model_binding]
fn of_one_type(_: &Request, _: &Arg) -> Result<u8> {
    Ok(1)
}

#[default_model_binding("/path")]
fn for_a_path(_: &Request) -> Result<serde_json::Value> {
    Ok(serde_json::Value::Null)
}

struct Shop;

impl Shop {
    #[model_binding]
    fn method(&self) -> Result<u8> {
        Ok(1)
    }
}

fn main() {}
