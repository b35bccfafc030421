//! Values that serde keeps before it knows their type: under `flatten`, and in tagged and untagged enums.
//!
//! There serde asks for anything, and a parameter can say no more than its text; a number is then found to be a text where a
//! `u8` is wanted. Every such complaint lends the text itself, so that its place tells which field it is about: the field is
//! given the type that was asked for, and the whole is made again. What serde swallowed while it tried the variants of an
//! enum counts too, so that the first variant that fits is taken, as it is in JSON.

#[cfg(test)]
mod tests;
mod wanted;

use std::cell::Cell;
use std::collections::HashMap;

use self::wanted::{is_scalar, look_for};
use super::failure::Failure;
use super::field::{Asked, Field, Fields};
use super::look::Look;
use super::noted::{Mismatch, Was, watched};
use crate::http::Result;

/// Makes a value of fields, again and again until no type asks for something else.
///
/// # Errors
/// It cannot be made of them.
pub(super) fn deserialize<'r, T>(
    fields: &Fields<'r>,
    asked: &Asked,
    make: impl Fn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut best = None;
    for _ in 0..MOST_TRIES {
        let (made, seen) = watched(&make);
        let refined = match made {
            Ok(value) if seen.is_empty() => return Ok(value),
            Ok(value) => {
                best = Some(value);
                fields.take_each(&seen, true)
            }
            Err(_) if best.is_some() => fields.give_back(&seen),
            Err(failure) => match fields.refine(failure, &seen, &asked.wants_own) {
                Ok(()) => true,
                Err(failure) => return Err(failure),
            },
        };
        if !refined {
            break;
        }
    }
    best.ok_or_else(|| {
        let text = format!(
            "more than {MOST_TRIES} numbers and booleans under `#[serde(flatten)]`, or in tagged and untagged enums"
        );
        serde::de::Error::custom(text)
    })
}

/// A type with more fields of this kind than that is refused.
const MOST_TRIES: usize = 64;

impl<'r> Fields<'r> {
    /// Finds out how the fields have to look for a type that could not be made of them.
    ///
    /// # Errors
    /// They cannot: the failure, with the field's name where that is known now.
    fn refine(&self, failure: Failure, seen: &[Mismatch], wants_own: &Cell<bool>) -> Result<(), Failure> {
        let Some(last) = seen.last() else { return Err(failure) };
        if failure.is_of_type() {
            // It was given all fields, and is one value: of the argument's name.
            if matches!(last.was, Was::Map) && !wants_own.replace(true) {
                return Ok(());
            }
            return self.answer(failure, last);
        }
        if failure.is_of_value() {
            return Err(match self.culprit(last) {
                Some(field) => failure.named(field.name, Some(field.value), field.source),
                None => failure,
            });
        }
        // An enum of which no variant fits: what came closest is not known.
        let is_single =
            |mismatch: &Mismatch| matches!(mismatch.was, Was::Map) && is_scalar(&mismatch.expected);
        if !wants_own.get() && seen.iter().any(is_single) {
            wants_own.set(true);
            return Ok(());
        }
        let is_refined = self.take_each(seen, true) || self.take_each(seen, false) || self.give_back(seen);
        if is_refined { Ok(()) } else { Err(failure) }
    }

    /// Gives the one field that a type complained about what the type asked for.
    fn answer(&self, failure: Failure, mismatch: &Mismatch) -> Result<(), Failure> {
        let expected = &*mismatch.expected;
        if let Was::List = mismatch.was {
            return self.answer_list(failure);
        }
        if self.give_back(std::slice::from_ref(mismatch)) {
            return Ok(());
        }
        let Some(culprit) = self.culprit(mismatch) else { return Err(failure) };
        let values = self.named(culprit.name);
        let first = values.first().unwrap_or(culprit);
        if expected == "a sequence" && first.is_list.get() != Some(true) {
            first.is_list.set(Some(true));
            return Ok(());
        }
        let mut is_refined = false;
        for field in values.iter().filter(|field| field.look.get() == Look::Text) {
            let look = match look_for(expected, field.value, false) {
                None => break,
                Some(Ok(look)) => look,
                Some(Err(why)) => return Err(why.named(field.name, Some(field.value), field.source)),
            };
            field.look.set(look);
            is_refined = true;
        }
        if is_refined {
            return Ok(());
        }
        Err(failure.named(culprit.name, Some(culprit.value), culprit.source))
    }

    /// Several values came where one is wanted. If there is one name only with several, its first value counts, as
    /// elsewhere.
    fn answer_list(&self, failure: Failure) -> Result<(), Failure> {
        let lists = |fields: &&[Field<'r>]| {
            fields.len() > 1 && fields.iter().all(|field| field.is_list.get().is_none())
        };
        let mut several = self.groups().filter(lists);
        let (Some([first, ..]), next) = (several.next(), several.next()) else { return Err(failure) };
        if next.is_none() {
            first.is_list.set(Some(false));
            return Ok(());
        }
        let names = self.groups().filter(lists).filter_map(|fields| Some(fields.first()?.name));
        let names: Vec<_> = names.take(3).map(|name| format!("`{}`", crate::base::shown(name))).collect();
        let text = format!(
            "one of {} came several times where one value is wanted, and under `#[serde(flatten)]` and in tagged and \
             untagged enums serde does not tell which: send it once",
            names.join(", ")
        );
        let failure: Failure = serde::de::Error::custom(text);
        Err(failure.named(first.name, Some(first.value), first.source))
    }

    /// Gives every field what a type asked for, as far as it is that.
    fn take_each(&self, seen: &[Mismatch], is_strict: bool) -> bool {
        let place = |field: &Field<'r>| (field.value.as_ptr().addr(), field.value.len());
        let texts = self.groups().flatten().filter(|field| field.look.get() == Look::Text);
        let texts: HashMap<_, _> = texts.map(|field| (place(field), field)).collect();
        let mut is_refined = false;
        for mismatch in seen {
            let Was::Text { address, length } = mismatch.was else { continue };
            let Some(field) = texts.get(&(address, length)) else { continue };
            if field.look.get() != Look::Text {
                continue;
            }
            if let Some(Ok(look)) = look_for(&mismatch.expected, field.value, is_strict) {
                field.look.set(look);
                is_refined = true;
            }
        }
        is_refined
    }

    /// Makes texts again of what was taken for something else and should not have been.
    fn give_back(&self, seen: &[Mismatch]) -> bool {
        let mut is_refined = false;
        for mismatch in seen {
            let Was::Taken(look) = mismatch.was else { continue };
            for field in self.groups().flatten().filter(|field| field.look.get() == look) {
                field.look.set(Look::OnlyText);
                is_refined = true;
            }
        }
        is_refined
    }

    /// The field whose text a type complained about.
    fn culprit(&self, mismatch: &Mismatch) -> Option<&Field<'r>> {
        let Was::Text { address, length } = mismatch.was else { return None };
        let is_there =
            |field: &&Field<'r>| field.value.as_ptr().addr() == address && field.value.len() == length;
        self.groups().flatten().find(is_there)
    }
}
