//! The named schemas of a document, told apart by what they say, and named so that no further mapping renames them.
//!
//! Each type is asked by itself, so that what comes of it does not depend on what was asked before. What is the same in all it
//! refers to, under the same name, is one schema: recursive ones too, since they are compared as automata are, by refining classes until none splits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::names::{last_parts, sanitized};

/// A schema with a name.
pub(super) struct Node {
    /// As its type is called, without its module.
    base: String,
    /// Module and name of its type, where that is known.
    id: Option<String>,
    /// Whether it is of answers.
    is_answer: bool,
    /// Its references are to numbers of nodes.
    schema: Value,
}

/// All of them, by numbers.
#[derive(Default)]
pub(super) struct Nodes(Vec<Node>);

impl Nodes {
    /// Adds the definitions that one type needs; gives the number of each by its name there. `root` is the type's own with its id.
    pub(super) fn add(
        &mut self,
        definitions: serde_json::Map<String, Value>,
        root: Option<(&str, &str)>,
        is_answer: bool,
    ) -> BTreeMap<String, usize> {
        let first = self.0.len();
        let numbers: BTreeMap<String, usize> =
            definitions.keys().enumerate().map(|(index, name)| (name.clone(), first + index)).collect();
        for (name, mut schema) in definitions {
            refer(&mut schema, &|name| numbers.get(name).copied());
            let base = unnumbered(&name, &numbers);
            let id = root.filter(|(known, _)| *known == name).map(|(_, id)| id.to_owned());
            self.0.push(Node { base, id, is_answer, schema });
        }
        numbers
    }

    /// The schema that a reference is to.
    pub(super) fn get(&self, reference: &str) -> Option<&Value> {
        self.0.get(number(reference)?).map(|node| &node.schema)
    }

    /// The schemas by their names, and the name of each number. Those of `used` and what they refer to.
    pub(super) fn named(&self, used: &BTreeSet<usize>) -> (BTreeMap<String, Value>, Vec<String>) {
        let classes = self.classes();
        let used = self.reached(used);
        // What is known of a class by any of its nodes.
        let mut ids: HashMap<u64, &str> = HashMap::new();
        let mut by_base: BTreeMap<&str, BTreeMap<u64, Vec<usize>>> = BTreeMap::new();
        for (index, node) in self.0.iter().enumerate() {
            if let Some(id) = &node.id {
                ids.entry(classes[index]).or_insert(id);
            }
            if used.contains(&index) {
                by_base.entry(&node.base).or_default().entry(classes[index]).or_default().push(index);
            }
        }
        let mut names = vec![String::new(); self.0.len()];
        let mut taken = BTreeSet::new();
        for (base, groups) in &by_base {
            let mut wanted: Vec<(String, &Vec<usize>)> = groups
                .iter()
                .map(|(class, nodes)| {
                    let id = ids.get(class).copied();
                    // Another type of the name, and not this one in the other direction.
                    let is_other = |(other, theirs): (&u64, &Vec<usize>)| {
                        other != class
                            && match (id, ids.get(other).copied()) {
                                (Some(ours), Some(theirs)) => ours != theirs,
                                _ => nodes.iter().any(|node| {
                                    theirs
                                        .iter()
                                        .any(|other| self.0[*other].is_answer == self.0[*node].is_answer)
                                }),
                            }
                    };
                    let has_other = groups.iter().any(is_other);
                    let mut name = match id {
                        Some(id) if id.contains('<') => of_generic(base, id, has_other),
                        Some(id) if has_other => last_parts(id, 2),
                        None if has_other => self.holder(nodes, &used).unwrap_or_default() + base,
                        _ => (*base).to_owned(),
                    };
                    // The other direction has the bare name.
                    let is_answer = nodes.iter().all(|node| self.0[*node].is_answer);
                    let is_request = |(other, theirs): (&u64, &Vec<usize>)| {
                        (id.is_none() || ids.get(other).copied() == id)
                            && theirs.iter().any(|node| !self.0[*node].is_answer)
                    };
                    if is_answer && groups.iter().any(is_request) {
                        name.push_str("Answer");
                    }
                    (sanitized(&name), nodes)
                })
                .collect();
            // What is still alike is told apart by what it says, in an order of its own.
            wanted.sort_by_cached_key(|(name, nodes)| (name.clone(), self.0[nodes[0]].schema.to_string()));
            for (name, nodes) in wanted {
                let mut unique = name.clone();
                let mut number = 1;
                while !taken.insert(unique.clone()) {
                    number += 1;
                    unique = format!("{name}.{number}");
                }
                for node in nodes {
                    names[*node].clone_from(&unique);
                }
            }
        }
        let mut schemas = BTreeMap::new();
        for (index, node) in self.0.iter().enumerate().filter(|(index, _)| used.contains(index)) {
            schemas.entry(names[index].clone()).or_insert_with(|| {
                let mut schema = node.schema.clone();
                name_references(&mut schema, &names);
                schema
            });
        }
        (schemas, names)
    }

    /// What the first type is called that refers to one of these.
    fn holder(&self, nodes: &[usize], used: &BTreeSet<usize>) -> Option<String> {
        let holds = |index: &&usize| {
            let mut holds = false;
            references(&self.0[**index].schema, &mut |number| {
                holds |= nodes.contains(&number) && number != **index
            });
            holds
        };
        used.iter().filter(holds).map(|index| self.0[*index].base.clone()).min()
    }

    /// The class of each node: equal for those that say the same, whatever they are numbered.
    fn classes(&self) -> Vec<u64> {
        let mut classes = vec![0; self.0.len()];
        let mut count = 0;
        loop {
            let refined: Vec<u64> = self
                .0
                .iter()
                .map(|node| {
                    let mut hasher = DefaultHasher::new();
                    node.base.hash(&mut hasher);
                    hash(&node.schema, &classes, &mut hasher);
                    hasher.finish()
                })
                .collect();
            let refined_count = refined.iter().collect::<BTreeSet<_>>().len();
            classes = refined;
            if refined_count == count {
                return classes;
            }
            count = refined_count;
        }
    }

    /// These and all that they refer to.
    fn reached(&self, used: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut left: Vec<usize> = used.iter().copied().collect();
        while let Some(index) = left.pop() {
            if reached.insert(index) {
                references(&self.0[index].schema, &mut |number| left.push(number));
            }
        }
        reached
    }
}

/// What a reference to a number looks like until all have names.
pub(super) fn reference(number: usize) -> String {
    format!("{NUMBERED}{number}")
}

const NUMBERED: &str = "#vernal/";

fn number(reference: &str) -> Option<usize> {
    reference.strip_prefix(NUMBERED)?.parse().ok()
}

/// Makes references by names those to numbers.
pub(super) fn refer(schema: &mut Value, number: &dyn Fn(&str) -> Option<usize>) {
    each_reference(schema, &mut |text| {
        let name = text.strip_prefix(PLACE)?;
        let name = percent_encoding::percent_decode_str(name)
            .decode_utf8_lossy()
            .replace("~1", "/")
            .replace("~0", "~");
        number(&name).map(reference)
    });
}

/// Makes references to numbers those by names.
pub(super) fn name_references(schema: &mut Value, names: &[String]) {
    each_reference(schema, &mut |text| Some(format!("{PLACE}{}", names.get(number(text)?)?)));
}

/// Makes references of this text those to a name; says whether there were any.
pub(super) fn rename_reference(document: &mut Value, from: &str, name: &str) -> bool {
    let mut is_there = false;
    each_reference(document, &mut |text| {
        let is_it = text == from;
        is_there |= is_it;
        is_it.then(|| format!("{PLACE}{name}"))
    });
    is_there
}

/// The numbers that a schema refers to.
pub(super) fn references(schema: &Value, found: &mut impl FnMut(usize)) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == "$ref" => number(text).into_iter().for_each(&mut *found),
                    value => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

const PLACE: &str = "#/components/schemas/";

fn each_reference(schema: &mut Value, change: &mut dyn FnMut(&str) -> Option<String>) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == "$ref" => {
                        if let Some(changed) = change(text) {
                            *text = changed;
                        }
                    }
                    value => each_reference(value, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_reference(item, change)),
        _ => {}
    }
}

fn hash(schema: &Value, classes: &[u64], hasher: &mut DefaultHasher) {
    match schema {
        Value::Object(members) => {
            members.len().hash(hasher);
            for (key, value) in members {
                key.hash(hasher);
                match value {
                    Value::String(text) if key == "$ref" => match number(text) {
                        Some(number) => classes[number].hash(hasher),
                        None => text.hash(hasher),
                    },
                    value => hash(value, classes, hasher),
                }
            }
        }
        Value::Array(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| hash(item, classes, hasher));
        }
        scalar => scalar.to_string().hash(hasher),
    }
}

/// A name without the number by which schemars tells it from another.
fn unnumbered(name: &str, all: &BTreeMap<String, usize>) -> String {
    let bare = name.trim_end_matches(|char: char| char.is_ascii_digit());
    if bare.len() < name.len() && all.contains_key(bare) { bare.to_owned() } else { name.to_owned() }
}

/// `Page.Order` of `shop::Page<shop::Order>`, and `Page.shop.Order` where another is called so too.
fn of_generic(base: &str, id: &str, has_other: bool) -> String {
    // A name of the user's own says it already.
    let Some((outer, inner)) = id.split_once('<') else { return base.to_owned() };
    if outer.rsplit("::").next() != Some(base) {
        return base.to_owned();
    }
    let inner = inner.split(['<', '>', ',']).filter(|part| !part.is_empty());
    let inner: Vec<String> = inner.map(|part| last_parts(part, if has_other { 2 } else { 1 })).collect();
    format!("{base}.{}", inner.join("."))
}
