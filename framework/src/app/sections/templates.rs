//! `[templates]`.

use super::given::Given;
use crate::settings::{Section, Text, flag};
use crate::view::Templates;

pub(super) fn read(root: &mut Section<'_>) -> Given<Templates> {
    let mut section = root.section("templates");
    let directory = section.take("directory", Text, "templates");
    let reload = section.take("reload", flag(), "(in debug builds)");
    let given = if section.is_given() {
        let templates = Templates::dir(directory.unwrap_or_else(|| "templates".to_owned()));
        let templates = match reload {
            Some(reload) => templates.reload(reload),
            None => templates,
        };
        Given::of(&section, templates)
    } else {
        Given::default()
    };
    section.finish();
    given
}
