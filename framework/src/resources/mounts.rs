//! All resources of an application, in the order they are given in.

use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;

use ::http::Method;

use super::answer::{Ask, asked_fields, take_over};
use super::embedded::{Embedded, EmbeddedFile};
use super::failure::missing;
use super::mount::{Asked, Mount};
use super::place::{Part, Place};
use super::settings::Resources;
use crate::http::{Request, Response, Result};
use crate::io::blocking;
use crate::matching::Pattern;

/// See the head of this file.
#[derive(Default)]
pub(crate) struct Mounts(Vec<(Place, Arc<Mount>)>, Vec<Told>);

/// Resources of a user, as they are told of.
pub(crate) struct Told {
    pub(crate) path: &'static str,
    /// The directory; `None` for files of the binary.
    pub(crate) directory: Option<PathBuf>,
    /// File and line, of the source or of the settings.
    pub(crate) at: String,
}

/// Resources as they are given to an application.
#[derive(Debug)]
pub(crate) struct GivenResources {
    path: &'static str,
    resources: Resources,
    /// File and line.
    at: String,
}

/// Where a path was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    mount: usize,
    part: Part,
}

impl GivenResources {
    /// Those that are given by the caller of the function this is called in.
    #[track_caller]
    pub(crate) fn new(path: &'static str, resources: Resources) -> GivenResources {
        let at = Location::caller();
        GivenResources { path, resources, at: format!("{}:{}", at.file(), at.line()) }
    }

    /// Those of settings.
    #[cfg(feature = "config")]
    pub(crate) fn by_settings(path: &'static str, resources: Resources, at: String) -> GivenResources {
        GivenResources { path, resources, at }
    }

    fn told(&self) -> Told {
        Told { path: self.path, directory: self.resources.directory().cloned(), at: self.at.clone() }
    }

    /// Whether both are for the same paths.
    #[cfg(feature = "config")]
    pub(crate) fn is_like(&self, other: &GivenResources) -> bool {
        let shape = |path| Place::parse(path).map(|place| place.shape());
        matches!((shape(self.path), shape(other.path)), (Ok(one), Ok(other)) if one == other)
    }
}

impl Mounts {
    /// Opens them; adds to `problems` what is wrong. With a favicon, one is there where nothing else is.
    pub(crate) fn build(given: Vec<GivenResources>, favicon: bool, problems: &mut Vec<String>) -> Mounts {
        let png = || Resources::embedded(FAVICON).content_type("ico", "image/png");
        let favicon = favicon.then(|| GivenResources::new("/favicon.ico", png()));
        let mut mounts = Vec::with_capacity(given.len() + 1);
        problems.extend(given_twice(&given));
        let told = given.iter().map(GivenResources::told).collect();
        for GivenResources { path, resources, at } in given.into_iter().chain(favicon) {
            let place = Place::parse(path);
            let mount = Mount::new(resources);
            match (place, mount) {
                (Ok(place), Ok(mount)) => mounts.push((place, Arc::new(mount))),
                (place, mount) => {
                    let found = place.err().into_iter().chain(mount.err());
                    problems
                        .extend(found.map(|problem| format!("the resources `{path}` at {at}: {problem}")));
                }
            }
        }
        Mounts(mounts, told)
    }

    /// Those that a user has given.
    pub(crate) fn told(&self) -> &[Told] {
        &self.1
    }

    /// The patterns of all.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> + Clone {
        self.0.iter().map(|(place, _)| place.pattern())
    }

    /// Finds a path among the resources, without a look at the files.
    pub(crate) fn find(&self, path: &str) -> Option<Found> {
        self.find_from(0, path)
    }

    /// Has a request known by the pattern of the place where its path was found. The last of all patterns are those of resources.
    pub(crate) fn mark(&self, found: Found, request: &mut Request) {
        let before = request.context.patterns.len().saturating_sub(self.0.len());
        request.mapping = u32::try_from(before + found.mount + 1).unwrap_or_default();
    }

    fn find_from(&self, first: usize, path: &str) -> Option<Found> {
        let found = |(mount, (place, _)): (usize, &(Place, Arc<Mount>))| {
            place.part_of(path).map(|part| Found { mount, part })
        };
        self.0.iter().enumerate().skip(first).find_map(found)
    }

    /// What a path that ends with a slash is called when it is a file: filters that guard this guard the directory too.
    pub(crate) fn index_of(&self, found: Found, path: &str) -> Option<String> {
        let (_, mount) = self.0.get(found.mount)?;
        path.ends_with('/').then(|| format!("{path}{}", mount.index_name()))
    }

    /// Answers from memory, be it the system's; `None` if that cannot be done.
    ///
    /// # Errors
    /// As [`Mounts::answer`].
    pub(crate) fn answer_at_once(
        &self,
        found: Found,
        request: &mut Request,
        response: &mut Response,
    ) -> Option<Result> {
        let mut next = Some(found);
        while let Some(at @ Found { mount: index, part }) = next {
            let (_, mount) = self.0.get(index)?;
            let result = mount.answer_at_once(asked(request, part), response)?;
            if !matches!(result, Ok(false)) {
                self.mark(at, request);
                return Some(result.map(drop));
            }
            next = self.find_from(index + 1, request.path.matched());
        }
        Some(Err(missing()))
    }

    /// Answers, off the runtime's threads, when memory has been asked already.
    ///
    /// # Errors
    /// There is no such file in any of the places, it cannot be sent, or not as it was asked for.
    pub(crate) async fn answer(
        &self,
        found: Found,
        request: &mut Request,
        response: &mut Response,
    ) -> Result {
        let mut next = Some(found);
        while let Some(at @ Found { mount: index, part }) = next {
            let Some((_, mount)) = self.0.get(index) else { break };
            let path_of = request.path.matched().to_owned();
            next = self.find_from(index + 1, &path_of);
            let mount = Arc::clone(mount);
            let query = request.query_string().to_owned();
            let (headers, is_head) = (asked_fields(&request.headers), request.method == Method::HEAD);
            let turn = mount.turn().await;
            let answered = blocking(move || {
                let _turn = turn;
                let mut answer = Response::default();
                let ask = Ask { headers: &headers, is_head };
                let asked = Asked { path: &path_of, query: &query, part, ask };
                mount.answer(asked, &mut answer).map(|is_there| is_there.then_some(answer))
            });
            let answered = answered.await?;
            if !matches!(answered, Ok(None)) {
                self.mark(at, request);
            }
            if let Some(answer) = answered? {
                take_over(answer, response);
                return Ok(());
            }
        }
        Err(missing())
    }
}

/// What a request asks of a mount that has this part of its path.
fn asked(request: &Request, part: Part) -> Asked<'_> {
    Asked {
        path: request.path.matched(),
        query: request.query_string(),
        part,
        ask: Ask { headers: &request.headers, is_head: request.method == Method::HEAD },
    }
}

/// A message for each pattern that is given again: of two directories, nobody could tell which file of a name is sent.
fn given_twice(given: &[GivenResources]) -> Vec<String> {
    let mut places: Vec<((String, bool), &GivenResources)> = Vec::with_capacity(given.len());
    let mut problems = Vec::new();
    for resources in given {
        let GivenResources { path, at, .. } = resources;
        let Ok(place) = Place::parse(path) else { continue };
        let shape = place.shape();
        match places.iter().find(|(known, ..)| *known == shape) {
            Some((_, GivenResources { path: earlier, at: first, .. })) => problems.push(format!(
                "the resources `{path}` at {at} are for the paths of the resources `{earlier}` at {first}: keep one of them, or \
                 give each a pattern of its own"
            )),
            None => places.push((shape, resources)),
        }
    }
    problems
}

/// What browsers ask every site for.
const FAVICON: Embedded =
    Embedded::new(&[EmbeddedFile { path: "favicon.ico", bytes: include_bytes!("favicon.png"), hash: 1 }]);
