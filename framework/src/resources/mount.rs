//! Resources at one place of an application: where their files are, and how a request finds one.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ::http::StatusCode;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::{Ask, Content, answer};
#[cfg(all(feature = "sendfile", target_os = "linux"))]
use super::at_hand::{AtHand, FileAtHand, NotAtHand};
use super::binary::Files;
use super::cache::{Cache, Entry, Stamps, beside};
use super::content_type;
use super::directory::{Below, Directory, problem};
use super::failure::{error_of, is_missing};
use super::listing;
use super::mark::Mark;
use super::place::Part;
use super::representation::{Common, Representation, SIBLINGS, Stored, choose};
use super::settings::{Origin, Resources};
use super::stamp::Stamp;
use super::tree::{Item, Resolved, Wanted, resolve};
use crate::base::{is_value, say, uri_reference};
use crate::http::{Response, Result, read_range};
use crate::proto::Coding;

/// See the head of this file.
pub(super) struct Mount {
    settings: Resources,
    store: Store,
    looks: Arc<Semaphore>,
}

enum Store {
    Directory(Directory, Option<Box<Cache>>),
    Embedded(Files),
}

/// What a request asks of a mount.
#[derive(Clone, Copy)]
pub(super) struct Asked<'r> {
    /// The whole path, in the matched form.
    pub(super) path: &'r str,
    pub(super) query: &'r str,
    pub(super) part: Part,
    pub(super) ask: Ask<'r>,
}

impl<'r> Asked<'r> {
    fn wanted(&self) -> Wanted<'r> {
        Wanted {
            path: self.part.path.text(self.path),
            has_slash: self.path.ends_with('/'),
            takes: self.part.takes,
        }
    }

    /// What an answer is kept under: a directory's index is not the file of that name.
    fn key(&self) -> &'r str {
        self.path.get(self.part.path.start as usize..).unwrap_or_default()
    }
}

impl Mount {
    /// # Errors
    /// The directory cannot be served, a setting cannot be sent.
    pub(super) fn new(settings: Resources) -> Result<Mount, String> {
        let types = settings.types.iter().map(|(_, value)| ("content_type", value));
        let texts = settings.cache_control.iter().map(|value| ("cache_control", value));
        for (setter, value) in texts.chain(types) {
            if !is_value(value.as_bytes()) {
                return Err(format!(
                    "the text {value:?} of `Resources::{setter}` holds a control character, so it is no value of a header field"
                ));
            }
        }
        let store = match &settings.origin {
            Origin::Directory(path) => {
                let directory = Directory::new(path, &settings).map_err(|error| problem(path, &error))?;
                let cache = settings.cache.then(|| Cache::new(settings.cache_size, settings.check_every));
                let cache = cache.map(Box::new);
                Store::Directory(directory, cache)
            }
            Origin::Embedded(embedded) => Store::Embedded(Files::new(embedded, &settings)),
        };
        Ok(Mount { settings, store, looks: Arc::new(Semaphore::new(LOOKS)) })
    }

    /// The name of the file that is sent for directories, or what one could be called.
    pub(super) fn index_name(&self) -> &str {
        self.settings.index.as_deref().unwrap_or("index.html")
    }

    /// Answers without a wait, if that can be done: from memory, be it the system's. `false` if there is nothing here; `None` if
    /// the disk has to be asked.
    pub(super) fn answer_at_once(&self, asked: Asked<'_>, response: &mut Response) -> Option<Result<bool>> {
        match &self.store {
            Store::Directory(directory, cache) => {
                if let Some(entry) = cache.as_ref().and_then(|cache| cache.fresh(asked.key())) {
                    return Some(answer_stored(&entry.stored, asked.ask, response).map(|()| true));
                }
                let shelf = Shelf { settings: &self.settings, directory, cache: cache.as_deref() };
                shelf.answer_at_hand(asked, response)
            }
            Store::Embedded(files) => Some(self.answer_embedded(files, asked, response)),
        }
    }

    /// Who may look at the disk for this mount now: a bounded number, so that those who ask for what is not there leave the blocking pool
    /// to others.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.looks).acquire_owned().await.ok()
    }

    /// Answers; `false` if there is nothing here. Blocks.
    ///
    /// # Errors
    /// What is there cannot be sent, or not as it was asked for.
    pub(super) fn answer(&self, asked: Asked<'_>, response: &mut Response) -> Result<bool> {
        match &self.store {
            Store::Directory(directory, cache) => {
                let shelf = Shelf { settings: &self.settings, directory, cache: cache.as_deref() };
                shelf.answer(asked, response)
            }
            Store::Embedded(files) => self.answer_embedded(files, asked, response),
        }
    }

    fn answer_embedded(&self, files: &Files, asked: Asked<'_>, response: &mut Response) -> Result<bool> {
        match resolve(files, &self.settings, asked.wanted())? {
            Resolved::File(index) | Resolved::Fallback(index) => {
                let Some(stored) = files.stored(index) else { return Ok(false) };
                answer_stored(stored, asked.ask, response)?;
                Ok(true)
            }
            resolved => Ok(answer_directory(resolved, asked, response)),
        }
    }
}

/// A directory with the files of it that are in memory.
struct Shelf<'m> {
    settings: &'m Resources,
    directory: &'m Directory,
    cache: Option<&'m Cache>,
}

impl Shelf<'_> {
    fn answer(&self, asked: Asked<'_>, response: &mut Response) -> Result<bool> {
        if let Some(entry) = self.cached(asked.key()) {
            answer_stored(&entry.stored, asked.ask, response)?;
            return Ok(true);
        }
        let (key, below) = match resolve(self.directory, self.settings, asked.wanted())? {
            Resolved::File(below) => (asked.key(), below),
            Resolved::Fallback(below) => {
                // All the paths that end here would fill the memory with one file.
                let key = self.settings.fallback.as_deref().unwrap_or_default();
                if let Some(entry) = self.cached(key) {
                    answer_stored(&entry.stored, asked.ask, response)?;
                    return Ok(true);
                }
                (key, below)
            }
            resolved => return Ok(answer_directory(resolved, asked, response)),
        };
        let answered = match self.cache.filter(|_| below.stamp.size <= SMALL) {
            Some(cache) => self.answer_and_keep(cache, key, &below.path, asked.ask, response),
            None => Ok(false),
        };
        match answered {
            Ok(false) => self.answer_from_disk(below, asked.ask, response),
            answered => answered,
        }
    }

    /// Answers with what the system has in memory; `None` if it has to be waited for. Small files that are to be kept are left to who reads
    /// them for that, and so are those with siblings.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    fn answer_at_hand(&self, asked: Asked<'_>, response: &mut Response) -> Option<Result<bool>> {
        if self.settings.precompressed {
            return None;
        }
        let root = self.directory.at_hand()?;
        let tree = AtHand { root: &root, settings: self.settings };
        let found = match resolve(&tree, self.settings, asked.wanted()) {
            Ok(Resolved::File(found) | Resolved::Fallback(found)) => found,
            Ok(resolved) => return Some(Ok(answer_directory(resolved, asked, response))),
            Err(NotAtHand::Waits) => return None,
            Err(NotAtHand::Fails(error)) => return Some(Err(error)),
        };
        let FileAtHand { file, stamp, medium, content_type } = found;
        if self.cache.is_some() && stamp.size <= SMALL {
            return None;
        }
        // To sum up its content would be to read it.
        let mark = Mark::of_time(&stamp)?;
        let cache_control = self.settings.cache_control.as_deref();
        let common = Common { content_type, cache_control, varies: false };
        let representation = Representation::of_file(stamp.size, mark, Coding::Identity, &common);
        Some(answer(&representation, Content::AtHand(file, medium), asked.ask, response).map(|()| true))
    }

    #[cfg(not(all(feature = "sendfile", target_os = "linux")))]
    fn answer_at_hand(&self, _asked: Asked<'_>, _response: &mut Response) -> Option<Result<bool>> {
        None
    }

    fn cached(&self, key: &str) -> Option<Arc<Entry>> {
        self.cache?.checked(key, self.settings.precompressed)
    }

    /// Reads a file and its siblings into the cache and answers from there; `false` if one of them is too large for that.
    fn answer_and_keep(
        &self,
        cache: &Cache,
        key: &str,
        path: &Path,
        ask: Ask<'_>,
        response: &mut Response,
    ) -> Result<bool> {
        // Before they are read, so that what changes meanwhile is found to have changed.
        let stamps = Stamps::look(path, self.settings.precompressed);
        let common = self.common(path, stamps.siblings().next().is_some());
        let forms = stamps.siblings().map(|(index, _)| (SIBLINGS[index].0, beside(path, SIBLINGS[index].1)));
        let mut representations = Vec::new();
        for (coding, path) in [(Coding::Identity, path.to_owned())].into_iter().chain(forms) {
            let Some((mut file, stamp)) = self.open(&path)? else { return Ok(false) };
            if stamp.size > SMALL {
                return Ok(false);
            }
            let mut bytes = Vec::new();
            read_range(&mut file, 0..stamp.size, &mut bytes).map_err(error_of)?;
            let mark = Mark::of_content(&stamp, &bytes);
            let representation = Representation::of_file(stamp.size, mark, coding, &common);
            representations.push((representation, Bytes::from(bytes)));
        }
        let entry = Arc::new(Entry::new(key, Stored::new(representations), stamps));
        cache.keep(Arc::clone(&entry));
        answer_stored(&entry.stored, ask, response)?;
        Ok(true)
    }

    fn answer_from_disk(&self, below: Below, ask: Ask<'_>, response: &mut Response) -> Result<bool> {
        let path = &*below.path;
        let there_are: Vec<_> = SIBLINGS
            .into_iter()
            .filter(|(_, ending)| self.settings.precompressed && Stamp::at(&beside(path, ending)).is_some())
            .collect();
        let common = self.common(path, !there_are.is_empty());
        let codings: Vec<_> = there_are.iter().map(|(coding, _)| *coding).collect();
        let chosen = choose(ask.headers, &codings);
        let sibling = there_are.iter().find(|(coding, _)| *coding == chosen);
        let sibling = match sibling {
            Some((coding, ending)) => {
                let path = beside(path, ending);
                self.open(&path)?.map(|opened| (*coding, path, opened))
            }
            None => None,
        };
        let (coding, path, (mut file, stamp)) = match sibling {
            Some(opened) => opened,
            None => {
                let opened = match below.file {
                    Some(file) => Some((file, below.stamp)),
                    None => self.open(path)?,
                };
                let Some(opened) = opened else { return Ok(false) };
                (Coding::Identity, below.path, opened)
            }
        };
        let mark = Mark::of_file(&path, &mut file, &stamp).map_err(error_of)?;
        let representation = Representation::of_file(stamp.size, mark, coding, &common);
        answer(&representation, Content::File(file), ask, response)?;
        Ok(true)
    }

    /// Opens a file; `None` if there is none, or none that may be shown.
    fn open(&self, path: &Path) -> Result<Option<(File, Stamp)>> {
        match self.directory.open(path) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if is_missing(&error) => {
                say!(debug, "{} is not sent: {error}", path.display());
                Ok(None)
            }
            Err(error) => Err(error_of(error)),
        }
    }

    fn common(&self, path: &Path, varies: bool) -> Common<'_> {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        Common {
            content_type: content_type::of(&name, &self.settings.types),
            cache_control: self.settings.cache_control.as_deref(),
            varies,
        }
    }
}

fn answer_stored(stored: &Stored, ask: Ask<'_>, response: &mut Response) -> Result {
    match stored.choose(ask.headers) {
        Some((representation, bytes)) => answer(representation, Content::Memory(bytes), ask, response),
        None => Ok(()),
    }
}

/// Answers with what is no file; `false` if it is nothing.
fn answer_directory<F>(resolved: Resolved<F>, asked: Asked<'_>, response: &mut Response) -> bool {
    match resolved {
        Resolved::Redirect => redirect(asked, response),
        Resolved::Listing(items) => list(items, asked, response),
        Resolved::File(_) | Resolved::Fallback(_) | Resolved::Nothing => return false,
    }
    true
}

/// To the same path with a slash at its end. The reference is relative, so that it holds behind proxies that change paths.
fn redirect(asked: Asked<'_>, response: &mut Response) {
    // An encoded slash of the pattern.
    let name = asked.path.rsplit('/').next().unwrap_or_default();
    let name = name.replace('\0', "/");
    let query = if asked.query.is_empty() { "" } else { "?" };
    let location = format!("{}/{query}{}", listing::link_to(&name), asked.query);
    response.headers.insert("location", &*uri_reference(&location));
    response.set_status(StatusCode::MOVED_PERMANENTLY);
}

fn list(items: Vec<Item>, asked: Asked<'_>, response: &mut Response) {
    let has_parent = !asked.wanted().path.is_empty();
    let path = asked.path.replace('\0', "%2F");
    response.set_body(listing::page(&path, has_parent, items));
    response.say_html();
}

/// How many look at the disk for one mount at a time.
const LOOKS: usize = 64;

/// Files up to this size are kept in memory.
const SMALL: u64 = 64 << 10;
