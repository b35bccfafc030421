//! Files of the binary, ready to be sent.

use bytes::Bytes;

use super::content_type;
use super::embedded::Embedded;
use super::representation::{Common, Representation, SIBLINGS, Stored};
use super::settings::Resources;
use super::tree::{Item, Node, Tree};
use crate::base::sorted;
use crate::http::{Error, Result, is_name};
use crate::proto::Coding;

/// See the head of this file.
pub(super) struct Files {
    /// By their paths, in order.
    all: Vec<(&'static str, usize, Stored)>,
    shows_hidden: bool,
}

impl Files {
    pub(super) fn new(embedded: &Embedded, settings: &Resources) -> Files {
        let mut files: Vec<_> = embedded.files.iter().collect();
        sorted::sort_by_key(&mut files, |file| file.path);
        let find = |path: &str| files.binary_search_by_key(&path, |file| file.path).ok().map(|at| files[at]);
        let all = files.iter().map(|file| {
            let sibling = |(coding, ending): (Coding, &str)| {
                let there = find(&format!("{}{ending}", file.path)).filter(|_| settings.precompressed)?;
                Some((coding, there))
            };
            let siblings: Vec<_> = SIBLINGS.into_iter().filter_map(sibling).collect();
            let common = Common {
                content_type: content_type::of(file.path, &settings.types),
                cache_control: settings.cache_control.as_deref(),
                varies: !siblings.is_empty(),
            };
            let forms = [(Coding::Identity, *file)].into_iter().chain(siblings);
            let forms = forms.map(|(coding, form)| {
                let representation = Representation::of_content(form.bytes.len(), form.hash, coding, &common);
                (representation, Bytes::from_static(form.bytes))
            });
            (file.path, file.bytes.len(), Stored::new(forms.collect()))
        });
        Files { all: all.collect(), shows_hidden: settings.hidden_files }
    }

    /// Those whose paths begin so.
    fn below(&self, prefix: &str) -> impl Iterator<Item = (&'static str, usize)> {
        let start = self.all.partition_point(|(path, _, _)| *path < prefix);
        let files = self.all[start..].iter().map(|(path, size, _)| (*path, *size));
        files.take_while(move |(path, _)| path.starts_with(prefix))
    }

    pub(super) fn stored(&self, index: usize) -> Option<&Stored> {
        self.all.get(index).map(|(_, _, stored)| stored)
    }
}

impl Tree for Files {
    /// Which of them it is.
    type File = usize;
    type Failure = Error;

    fn look(&self, path: &str) -> Result<Node<usize>> {
        if path.is_empty() {
            return Ok(Node::Directory);
        }
        Ok(match self.all.binary_search_by(|(known, _, _)| (*known).cmp(path)) {
            Ok(index) => Node::File(index),
            Err(_) if self.below(&format!("{path}/")).next().is_some() => Node::Directory,
            Err(_) => Node::Nothing,
        })
    }

    fn list(&self, path: &str) -> Result<Vec<Item>> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut items: Vec<Item> = Vec::new();
        for (path, size) in self.below(&prefix) {
            let (name, size) = match path[prefix.len()..].split_once('/') {
                Some((directory, _)) => (directory, None),
                None => (&path[prefix.len()..], Some(size as u64)),
            };
            if is_name(name, self.shows_hidden) && items.last().is_none_or(|last| last.name != name) {
                items.push(Item { name: name.to_owned(), size, modified: None });
            }
        }
        Ok(items)
    }
}
