//! The URL of a Redis (RFC 3986, with commas between several hosts), read into parts that cannot be wrong.
//!
//! What is wrong is told by its place, with what to write there. Nothing is quoted that may be a piece of a password: no user, no port, and
//! nothing at all behind the hosts when an `@` stands there, since a `/`, `?` or `#` that is not encoded ends them within a password.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

use super::host::Host;

#[cfg(all(test, feature = "redis-cluster", feature = "tls"))]
mod tests;

/// See the head of this file.
#[cfg_attr(not(feature = "redis-cluster"), allow(dead_code, reason = "there is one server then"))]
pub(super) struct Url {
    pub(super) kind: Kind,
    pub(super) is_tls: bool,
    /// Whether no certificate is looked at.
    is_insecure: bool,
    hosts: Vec<Host>,
    login: Login,
    sentinel_login: Login,
    database: i64,
    protocol: ProtocolVersion,
}

/// What is there.
#[cfg_attr(not(feature = "redis-cluster"), allow(dead_code, reason = "there is one server then"))]
pub(super) enum Kind {
    Server,
    Socket(PathBuf),
    /// With the name of the primary.
    Sentinel(String),
    Cluster,
}

/// A user has a password; a password may be alone.
#[derive(Default)]
struct Login {
    user: Option<String>,
    password: Option<String>,
}

impl Url {
    /// Tells what is wrong.
    pub(super) fn new(text: &str) -> Result<Url, String> {
        let Some((scheme, rest)) = text.trim().split_once("://") else {
            return Err("it has no scheme; it begins with `redis://`".to_owned());
        };
        let scheme = scheme.to_ascii_lowercase();
        let (kind, is_tls) = kind_of(&scheme)?;
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, end)| (rest, Some(end)));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let is_socket = kind == "unix";
        if fragment.is_some_and(|end| end.contains('@'))
            || is_at_in(query)
            || !is_socket && path.contains('@')
        {
            return Err(BEHIND.to_owned());
        }
        // Before the query: where the `@` is forgotten, that may be the end of a password.
        let hosts = if is_socket { Vec::new() } else { Host::several(hosts)? };
        let said = Said::read(query, known(kind))?;
        let mut url = Url {
            kind: Kind::Server,
            is_tls,
            is_insecure: fragment.is_some_and(|end| !end.is_empty()),
            hosts,
            login: Login::default(),
            sentinel_login: Login::read(
                said.get("sentinel_user"),
                said.get("sentinel_password"),
                "`sentinel_user` needs a `sentinel_password`",
            )?,
            database: 0,
            protocol: protocol(said.get("protocol"))?,
        };
        if url.is_insecure && (!is_tls || fragment != Some("insecure")) {
            return Err("behind a `#` stands nothing but `insecure`, and that with TLS alone: `rediss`; \
                 a `#` in a user or password is written %23"
                .to_owned());
        }
        if is_socket {
            if !matches!(authority, "" | "localhost") {
                return Err(
                    "a socket has a path and no host: `redis+unix:///path?user=…&pass=…`, with three slashes"
                        .to_owned(),
                );
            }
            url.kind = Kind::Socket(PathBuf::from(format!("/{}", plain(path, "the path of the socket")?)));
            url.login = Login::read(said.get("user"), said.get("pass"), "`user` needs a `pass`")?;
            url.database = database(said.get("db").unwrap_or_default())?;
            return Ok(url);
        }
        let (user, password) =
            login.split_once(':').map_or((login, None), |(user, password)| (user, Some(password)));
        url.login = Login::read(
            Some(user),
            password,
            "a user needs a password, `user:password@`; a password alone is `:password@`",
        )?;
        let path = path.strip_suffix('/').unwrap_or(path);
        match kind {
            "sentinel" => {
                let (name, end) = path.split_once('/').unwrap_or((path, ""));
                if name.is_empty() {
                    return Err("the name of the primary is missing: `redis+sentinel://host/name`".to_owned());
                }
                url.kind = Kind::Sentinel(plain(name, "the name of the primary")?);
                url.database = database(end)?;
            }
            "cluster" if !matches!(path, "" | "0") => {
                return Err("a cluster has no databases, so nothing stands behind its hosts".to_owned());
            }
            "cluster" => url.kind = Kind::Cluster,
            _ if url.hosts.len() > 1 => {
                return Err("one server has one host; several have `redis+sentinel://one,two/name` or \
                            `redis+cluster://one,two`"
                    .to_owned());
            }
            _ => url.database = database(path)?,
        }
        Ok(url)
    }

    /// How the server is spoken to.
    pub(super) fn server(&self) -> ConnectionInfo {
        let address = match (&self.kind, self.hosts.first()) {
            (Kind::Socket(path), _) => ConnectionAddr::Unix(path.clone()),
            (_, Some(host)) => self.address(host, 6379),
            (_, None) => unreachable!("there is a host where there is no socket"),
        };
        self.info(address, &self.login, self.database)
    }

    /// How each node of a cluster is spoken to.
    #[cfg(feature = "redis-cluster")]
    pub(super) fn nodes(&self) -> Vec<ConnectionInfo> {
        self.hosts.iter().map(|host| self.info(self.address(host, 6379), &self.login, 0)).collect()
    }

    /// How each Sentinel is spoken to.
    #[cfg(feature = "redis-cluster")]
    pub(super) fn sentinels(&self) -> Vec<ConnectionInfo> {
        self.hosts.iter().map(|host| self.info(self.address(host, 26379), &self.sentinel_login, 0)).collect()
    }

    /// Those of several, for the log.
    #[cfg(feature = "redis-cluster")]
    pub(super) fn hosts(&self) -> String {
        self.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    fn address(&self, host: &Host, port: u16) -> ConnectionAddr {
        let (host, port) = (host.name.clone(), host.port.unwrap_or(port));
        if !self.is_tls {
            return ConnectionAddr::Tcp(host, port);
        }
        ConnectionAddr::TcpTls { host, port, insecure: self.is_insecure, tls_params: None }
    }

    fn info(&self, address: ConnectionAddr, login: &Login, database: i64) -> ConnectionInfo {
        let mut settings = RedisConnectionInfo::default().set_db(database).set_protocol(self.protocol);
        if let Some(user) = &login.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &login.password {
            settings = settings.set_password(password);
        }
        address.into_connection_info().expect("an address is one already").set_redis_settings(settings)
    }
}

impl Login {
    fn read(user: Option<&str>, password: Option<&str>, alone: &str) -> Result<Login, String> {
        let decoded = |text: &str, what: &str| {
            let text = percent_decode_str(text).decode_utf8().map(String::from);
            text.map_err(|_| format!("{what} is no UTF-8 once what is percent-encoded is decoded"))
        };
        let user = user.filter(|user| !user.is_empty()).map(|user| decoded(user, "the user")).transpose()?;
        if user.is_some() && password.is_none() {
            return Err(alone.to_owned());
        }
        let password = password.filter(|password| user.is_some() || !password.is_empty());
        let password = password.map(|password| decoded(password, "the password")).transpose()?;
        Ok(Login { user, password })
    }
}

/// The settings of the query.
struct Said<'t>(Vec<(&'t str, &'t str)>);

impl<'t> Said<'t> {
    fn read(query: &'t str, known: &[&str]) -> Result<Said<'t>, String> {
        let mut said = Said(Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !known.contains(&key) {
                return Err(format!("{}; known are `{}`", said.unknown(key), known.join("`, `")));
            }
            if said.get(key).is_some() {
                return Err(format!("`{key}` is set twice"));
            }
            said.0.push((key, value));
        }
        Ok(said)
    }

    /// Behind a password it may be the end of it.
    fn unknown(&self, key: &str) -> String {
        if let Some((secret, _)) = self.0.iter().find(|(key, _)| SECRETS.contains(key)) {
            return format!(
                "behind `{secret}=…` stands what is no setting (an `&` in a value is written %26)"
            );
        }
        if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
            return format!("there is no setting `{key}`");
        }
        "what stands behind the `?` is no setting".to_owned()
    }

    fn get(&self, key: &str) -> Option<&'t str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }
}

/// The kind of what a scheme leads to, and whether by TLS.
fn kind_of(scheme: &str) -> Result<(&str, bool), String> {
    let (family, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
    match (family, kind) {
        ("redis" | "valkey", "" | "unix" | "sentinel" | "cluster") => Ok((kind, false)),
        ("rediss" | "valkeys", "" | "sentinel" | "cluster") => Ok((kind, true)),
        ("unix", "") => Ok(("unix", false)),
        _ => Err("its scheme is none of `redis`, `redis+unix`, `redis+sentinel`, `redis+cluster`, nor one of these with TLS: \
             `rediss`, `rediss+sentinel`, `rediss+cluster`"
            .to_owned()),
    }
}

fn known(kind: &str) -> &'static [&'static str] {
    match kind {
        "unix" => &["db", "user", "pass", "protocol"],
        "sentinel" => &["sentinel_user", "sentinel_password", "protocol"],
        _ => &["protocol"],
    }
}

/// Whether a query has an `@` where nobody may want one.
fn is_at_in(query: &str) -> bool {
    query.split('&').any(|pair| match pair.split_once('=') {
        Some((key, _)) if SECRETS.contains(&key) => false,
        _ => pair.contains('@'),
    })
}

/// What the log may show.
fn plain(text: &str, what: &str) -> Result<String, String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.is_empty() && !text.contains(char::is_control) => Ok(text.into_owned()),
        _ => Err(format!("{what} is empty, has control characters, or is no UTF-8")),
    }
}

fn database(text: &str) -> Result<i64, String> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok()).flatten();
    match number {
        Some(number) => Ok(i64::from(number)),
        None if text.is_empty() => Ok(0),
        None => Err(format!("the database number is none from 0 to {}", i32::MAX)),
    }
}

fn protocol(text: Option<&str>) -> Result<ProtocolVersion, String> {
    match text {
        None | Some("2" | "resp2") => Ok(ProtocolVersion::RESP2),
        Some("3" | "resp3") => Ok(ProtocolVersion::RESP3),
        Some(_) => Err("`protocol` is neither `resp2` nor `resp3`".to_owned()),
    }
}

/// Settings whose values belong to nobody else.
const SECRETS: &[&str] = &["sentinel_password", "sentinel_user", "pass", "user"];

const BEHIND: &str = "an `@` stands behind the first `/`, `?` or `#`: in a user or password these are written %2F, %3F and %23, and \
                      an `@` that belongs to neither is %40";
