//! The WebSocket subprotocols that the mappings of a path ask for.

use super::entry::Entry;
use super::router::Router;
use super::tree::Visitor;

impl Router {
    /// The subprotocols one of which has to be offered at this path: none, if some mapping asks for none or the path has no
    /// mapping. Conditions of other kinds are left aside.
    #[cold]
    pub(crate) fn protocols_of(&self, path: &str) -> Vec<&'static str> {
        let mut asked = Asked { entries: &self.entries, protocols: Vec::new(), takes_all: false };
        self.visit(path, self.exact.get(path.as_bytes()), &mut asked);
        if asked.takes_all { Vec::new() } else { asked.protocols }
    }
}

struct Asked<'r> {
    entries: &'r [Entry],
    protocols: Vec<&'static str>,
    takes_all: bool,
}

impl Visitor for Asked<'_> {
    fn bound(&self) -> u32 {
        u32::MAX
    }

    fn leaf(&mut self, entries: impl Iterator<Item = u32>) {
        for index in entries {
            match self.entries[index as usize].route.mapping.protocol {
                Some(protocol) if self.protocols.contains(&protocol) => {}
                Some(protocol) => self.protocols.push(protocol),
                None => self.takes_all = true,
            }
        }
    }
}
