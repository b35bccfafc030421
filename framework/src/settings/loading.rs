//! Which settings a program asks for, and reading them.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::origin::Origin;
use super::structs::read_struct;
use super::value::{Table, Value};
use super::{document, environment, files, loose};
use crate::base::all_of;
use crate::http::{Error, Result};

/// Where settings come from. Given to [`Config::settings`](crate::Config::settings), which servers and test clients have too;
/// [`server::configured`](crate::server::configured) is a server with all of them.
///
/// Later ones win over those before:
///
/// 1. `vernal.toml`, if it is there;
/// 2. `vernal.{profile}.toml` of the profile that `VERNAL_PROFILE` or [`Settings::profile`] names, which must be there;
/// 3. files that [`Settings::file`] names, which must be there;
/// 4. the environment: `VERNAL__LIMITS__BODY_SIZE` is `body_size` of `[limits]`, and `VERNAL_HOST`, `VERNAL_PORT` and `VERNAL_LOG` are
///    short for `VERNAL__SERVER__HOST`, `VERNAL__SERVER__PORT` and `VERNAL__LOG__LEVEL`;
/// 5. arguments, if [`Settings::arguments`] gives them: `--limits.body_size=10MiB`.
///
/// What the program itself sets wins over all of them. All keys are in `docs/settings.md`.
///
/// ```no_run
/// use vernal::{Settings, server};
///
/// fn main() -> vernal::Result {
///     server::new().settings(Settings::new().directory("/etc/shop").arguments(std::env::args_os())).start()
/// }
/// ```
///
/// In a test, settings are a text:
///
/// ```
/// use vernal::{Settings, request_map, test};
///
/// #[request_map("/echo", method = "POST")]
/// fn echo(text: vernal::Text<String>) -> String {
///     text.0
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let client = test::Client::builder().settings(Settings::toml("[limits]\nbody_size = '4 B'")).build();
/// client.post("/echo").body("12345").await.assert_status(413);
/// # }
/// ```
#[derive(Clone)]
pub struct Settings {
    text: Option<String>,
    /// Where `vernal.toml` is looked for, if it is.
    directory: Option<PathBuf>,
    profile: Option<String>,
    files: Vec<PathBuf>,
    environment: Environment,
    arguments: Vec<OsString>,
}

#[derive(Clone)]
enum Environment {
    None,
    OfProcess,
    Given(Vec<(OsString, OsString)>),
}

impl Settings {
    /// Those of `vernal.toml` where the program was started, of the profile's file beside it, and of the environment.
    pub fn new() -> Settings {
        Settings {
            text: None,
            directory: Some(PathBuf::new()),
            profile: None,
            files: Vec::new(),
            environment: Environment::OfProcess,
            arguments: Vec::new(),
        }
    }

    /// Those of a text, and no others: no file is looked for, and the environment is not asked. For tests.
    pub fn toml(text: impl Into<String>) -> Settings {
        Settings {
            text: Some(text.into()),
            directory: None,
            environment: Environment::None,
            ..Settings::new()
        }
    }

    /// Looks for `vernal.toml` and `vernal.{profile}.toml` in this directory, which must be there. Default: where the program was
    /// started.
    #[must_use]
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Settings {
        self.directory = Some(path.into());
        self
    }

    /// Reads this file too, after `vernal.toml` and the profile's. It must be there. May be said several times.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Settings {
        self.files.push(path.into());
        self
    }

    /// Names the profile, whatever `VERNAL_PROFILE` says.
    #[must_use]
    pub fn profile(mut self, name: impl Into<String>) -> Settings {
        self.profile = Some(name.into());
        self
    }

    /// Takes these variables for the environment, in place of the process's own.
    #[must_use]
    pub fn environment<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Settings {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.environment = Environment::Given(variables.collect());
        self
    }

    /// Takes settings from the program's arguments too: those of the form `--name.name=value`. What has no dot in its name, or
    /// does not begin with `--`, is the program's own, and so is all behind a `--`.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Settings {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Reads one section now, for what a program needs before it has a server. A section that nobody wrote is an empty one.
    ///
    /// ```
    /// use vernal::Settings;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Database {
    ///     url: String,
    /// }
    ///
    /// # fn main() -> vernal::Result {
    /// let settings = Settings::toml("[database]\nurl = 'postgres://localhost/shop'");
    /// let database: Database = settings.section("database")?;
    /// assert_eq!(database.url, "postgres://localhost/shop");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// 500: a file cannot be read, or the section does not fit the type. The text names every mistake with its place.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let loaded = self.load();
        let read = match loaded.problems.is_empty() {
            true => read_struct(&loaded.table, name, &[]),
            false => Err(loaded.problems),
        };
        read.map_err(|problems| Error::internal(all_of(problems)))
    }

    /// Reads all of them.
    pub(crate) fn load(&self) -> Loaded {
        let mut loaded = Loaded::default();
        let variables = match &self.environment {
            Environment::None => Vec::new(),
            Environment::OfProcess => std::env::vars_os().collect(),
            Environment::Given(variables) => variables.clone(),
        };
        if let Some(text) = &self.text {
            loaded.lay(document::read(text, "Settings::toml"));
        }
        if let Some(directory) = &self.directory {
            let is_there = directory.as_os_str().is_empty() || directory.is_dir();
            if !is_there {
                loaded.problems.push(format!("{}: there is no such directory", directory.display()));
            } else {
                loaded.lay_file(&directory.join("vernal.toml"), files::read_found);
            }
            let profile =
                variables.iter().find(|(name, value)| name == "VERNAL_PROFILE" && !value.is_empty());
            let profile = profile.map(|(_, value)| value.to_string_lossy().into_owned());
            if let Some(profile) = self.profile.clone().or(profile).filter(|_| is_there) {
                match files::of_profile(directory, &profile) {
                    Ok(path) => loaded.lay_file(&path, files::read_found),
                    Err(problem) => loaded.problems.push(problem),
                }
            }
        }
        for file in &self.files {
            loaded.lay_file(file, files::read);
        }
        let found = environment::variables(&variables, &mut loaded.problems);
        if !found.entries.is_empty() {
            loaded.sources.push("the environment".to_owned());
        }
        loaded.table.merge(found);
        let found = environment::arguments(&self.arguments, &mut loaded.problems);
        if !found.entries.is_empty() {
            loaded.sources.push("arguments".to_owned());
        }
        loaded.table.merge(found);
        loaded.variables = variables;
        loaded
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings::new()
    }
}

/// Neither text, arguments nor environment, which may hold secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Settings");
        debug.field("directory", &self.directory).field("profile", &self.profile).field("files", &self.files);
        debug.finish_non_exhaustive()
    }
}

/// Settings that were read.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) table: Table,
    /// What is wrong with what was read.
    pub(crate) problems: Vec<String>,
    /// What they come from, as a line in the log names it.
    pub(crate) sources: Vec<String>,
    variables: Vec<(OsString, OsString)>,
}

impl Loaded {
    /// What is said of variables that have the name of a setting, and are none.
    pub(crate) fn links(&self) -> Vec<String> {
        environment::links(&self.variables)
    }

    /// Variables that look as if they were meant to be one of these keys, with the names that would be.
    pub(crate) fn doubtful_variables(&self, keys: &[String]) -> Vec<(String, String)> {
        environment::doubtful(&self.variables, keys)
    }

    /// A text of a section, whatever is wrong with all else.
    pub(crate) fn text(&self, section: &str, name: &str) -> Option<(String, Origin)> {
        let section = self.table.get(section)?;
        let Value::Table(table) = &section.node.value else { return None };
        let node = &table.get(name)?.node;
        Some((loose::text(&node.value)?.to_owned(), node.origin.clone()))
    }

    fn lay_file(&mut self, path: &Path, read: fn(&Path) -> Result<Option<Table>, Vec<String>>) {
        match read(path) {
            Ok(None) => {}
            Ok(Some(table)) => {
                self.sources.push(path.display().to_string());
                self.table.merge(table);
            }
            Err(problems) => self.problems.extend(problems),
        }
    }

    fn lay(&mut self, read: Result<Table, Vec<String>>) {
        match read {
            Ok(table) => self.table.merge(table),
            Err(problems) => self.problems.extend(problems),
        }
    }
}
