//! Where a server listens: what its builder was told, and the sockets that this becomes.

use std::env;
use std::net::TcpListener as StdListener;
use std::sync::Arc;

use super::address::{LocalAddr, Wanted};
use super::counted::Shared;
use super::listener::{Entrance, Given, Listener};
use super::socket::{self, CHOOSE, CHOOSE_SETTING};
#[cfg(all(unix, feature = "systemd"))]
use super::systemd;
#[cfg(unix)]
use super::unix;
use crate::base::environment::{is_link, of_link};
use crate::base::{Places, say};
use crate::http::{Error, Result};

/// What the builder of a server was told of where to listen.
#[derive(Default)]
pub(super) struct Listening {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    /// `None` for what settings have that is none, and was told.
    pub(super) wanted: Vec<Option<String>>,
    pub(super) given: Vec<Given>,
    #[cfg_attr(not(unix), allow(dead_code))]
    pub(super) unix_mode: Option<u32>,
    #[cfg(all(unix, feature = "systemd"))]
    pub(super) systemd: Option<Option<String>>,
    /// Settings were read, which know whether the environment is one of them.
    pub(super) has_settings: bool,
}

/// An address and the sockets that listen on it: one for each thread, or one that all share.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) address: LocalAddr,
    pub(super) sockets: Vec<Listener>,
    stage: Stage,
}

/// How far a place is.
#[derive(Debug)]
enum Stage {
    /// Its sockets have the port, and nobody is let in.
    Bound,
    /// A Unix socket that is to be made, with this mode. One without ears would look as if it were left behind.
    #[cfg(unix)]
    Wanted(Option<u32>),
    Listening,
}

impl Listening {
    /// Binds all addresses, each with up to `count` sockets. What others have is an error now; nobody is let in before [`Place::listen`].
    pub(super) fn bind(self, count: usize, said: &Places) -> Result<Vec<Place>> {
        let has_settings = self.has_settings;
        #[allow(unused_mut, reason = "systemd may pass more")]
        let mut given = self.given;
        #[cfg(all(unix, feature = "systemd"))]
        let is_passed = match &self.systemd {
            Some(name) => {
                let passed = systemd::take(name.as_deref())?;
                let is_passed = !passed.is_empty();
                given.extend(passed);
                is_passed
            }
            None => false,
        };
        #[cfg(not(all(unix, feature = "systemd")))]
        let is_passed = false;
        let mut wanted = Vec::new();
        if !is_passed {
            if self.host.is_some() || self.port.is_some() || (self.wanted.is_empty() && given.is_empty()) {
                wanted.push((main_address(self.host, self.port, has_settings)?, None));
            }
            for (index, text) in self.wanted.iter().enumerate() {
                let Some(text) = text else { continue };
                let wanted_here = Wanted::parse(text)?;
                wanted.push((wanted_here, Some(format!("server.listen[{index}]"))));
            }
        }
        let mut places = Vec::new();
        for (wanted, key) in wanted {
            places.push(match wanted {
                Wanted::Tcp(host, port) => {
                    let bound = socket::bind(&host, port, count);
                    let choose = if has_settings { CHOOSE_SETTING } else { CHOOSE };
                    Place::bound(bound.map_err(|unbound| {
                        let before = said.before(key.as_deref().unwrap_or(unbound.key()));
                        let choose = match &key {
                            _ if !before.is_empty() => " there",
                            Some(_) => " for `server::new().listen(…)`",
                            None => choose,
                        };
                        Error::internal(format!("{before}{}", unbound.into_error(choose).words()))
                    })?)?
                }
                #[cfg(unix)]
                Wanted::Unix(path) => {
                    unix::make_way(&path)?;
                    let stage = Stage::Wanted(self.unix_mode);
                    Place { address: LocalAddr::Unix(path), sockets: Vec::new(), stage }
                }
                #[cfg(not(unix))]
                Wanted::Unix(path) => {
                    let path = path.display();
                    return Err(Error::internal(format!(
                        "cannot listen on unix:{path}: this system has no Unix sockets"
                    )));
                }
            });
        }
        for Given(listener) in given {
            listener.adopt()?;
            places.push(Place::new(vec![listener])?);
        }
        Ok(places)
    }
}

impl Place {
    /// One of sockets that listen.
    pub(super) fn new(sockets: Vec<Listener>) -> Result<Place> {
        let first = sockets.first().ok_or_else(|| Error::internal("no listener"))?;
        Ok(Place { address: first.local_addr()?, sockets, stage: Stage::Listening })
    }

    /// One of sockets that are to listen.
    pub(super) fn bound(sockets: Vec<StdListener>) -> Result<Place> {
        let place = Place::new(sockets.into_iter().map(Listener::Tcp).collect())?;
        Ok(Place { stage: Stage::Bound, ..place })
    }

    /// Lets connections come.
    ///
    /// # Errors
    /// Somebody else has begun to listen there since.
    pub(super) fn listen(mut self) -> Result<Place> {
        match (&self.stage, &self.address) {
            (Stage::Bound, LocalAddr::Tcp(address)) => {
                let sockets: Vec<_> = self.sockets.iter().filter_map(Listener::tcp).collect();
                socket::listen(*address, &sockets).map_err(|unbound| unbound.into_error(CHOOSE))?;
            }
            #[cfg(unix)]
            (Stage::Wanted(mode), LocalAddr::Unix(path)) => {
                let (socket, file) = unix::bind(path, *mode)?;
                self.sockets.push(Listener::Unix(socket, file.map(Arc::new)));
            }
            _ => {}
        }
        self.stage = Stage::Listening;
        Ok(self)
    }

    /// The sockets, each with what its connections share.
    pub(super) fn entrances(self, shared: Arc<Shared>) -> impl Iterator<Item = Entrance> {
        self.sockets.into_iter().map(move |socket| (socket, Arc::clone(&shared)))
    }

    /// Gives each thread its sockets.
    pub(super) fn share_out(places: Vec<(Place, Arc<Shared>)>, threads: usize) -> Result<Vec<Vec<Entrance>>> {
        let mut sets: Vec<Vec<Entrance>> = (0..threads).map(|_| Vec::new()).collect();
        for (mut place, shared) in places {
            while let Some(first) = place.sockets.first()
                && place.sockets.len() < threads
            {
                let another = first.try_clone()?;
                place.sockets.push(another);
            }
            sets.iter_mut().zip(place.entrances(shared)).for_each(|(set, entrance)| set.push(entrance));
        }
        Ok(sets)
    }
}

/// What [`Server::host`](super::Server::host) and [`Server::port`](super::Server::port) say, else the environment where no settings have been
/// read.
fn main_address(host: Option<String>, port: Option<u16>, has_settings: bool) -> Result<Wanted> {
    let host = host.or_else(|| env::var("VERNAL_HOST").ok().filter(|_| !has_settings)).unwrap_or_default();
    let port = match port {
        Some(port) => port,
        None if has_settings => USUAL_PORT,
        None => port_of_environment()?,
    };
    Ok(Wanted::Tcp(host, port))
}

fn port_of_environment() -> Result<u16> {
    env::var("VERNAL_PORT").map_or(Ok(USUAL_PORT), |text| port_of(&text))
}

fn port_of(text: &str) -> Result<u16> {
    if is_link(text) {
        say!(info, "{}", of_link("VERNAL_PORT", text));
        return Ok(USUAL_PORT);
    }
    text.parse()
        .map_err(|_| Error::internal(format!("VERNAL_PORT is {text:?}: write a number from 0 to 65535")))
}

/// Where nobody says which.
const USUAL_PORT: u16 = 9090;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_the_environment_is_a_number_or_somebody_elses() {
        let table = [
            ("80", Ok(80)),
            ("0", Ok(0)),
            ("tcp://10.0.0.11:80", Ok(USUAL_PORT)),
            ("udp://10.0.0.11:53", Ok(USUAL_PORT)),
            ("tcp://[fd00::1]:80", Ok(USUAL_PORT)),
            ("", Err("VERNAL_PORT is \"\": write a number from 0 to 65535")),
            ("65536", Err("VERNAL_PORT is \"65536\"")),
            ("10.0.0.11:80", Err("VERNAL_PORT is \"10.0.0.11:80\"")),
        ];
        for (text, expected) in table {
            match (port_of(text), expected) {
                (Ok(port), Ok(expected)) => assert_eq!(port, expected, "{text}"),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (port, _) => panic!("{text}: {port:?}"),
            }
        }
    }
}
