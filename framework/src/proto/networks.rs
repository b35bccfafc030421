//! Lists of networks: `10.0.0.0/8`, `2001:db8::/32`, single addresses, and `unix` for peers that have no address.

use std::net::{IpAddr, SocketAddr};

/// Whom to believe what it says of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks {
    networks: Vec<Network>,
    /// Also peers on Unix sockets.
    unix: bool,
}

/// The addresses that begin with the same bits. IPv4 lies where it is mapped into IPv6 (RFC 4291, section 2.5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    bits: u128,
    mask: u128,
}

impl Networks {
    /// Adds a network.
    ///
    /// # Errors
    /// The text is none; it is told what one looks like.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        if text == "unix" {
            self.unix = true;
            return Ok(());
        }
        let network = Network::parse(text).ok_or_else(|| {
            format!(
                "{text:?} is no network: write an address (`10.0.0.7`, `::1`), a network (`10.0.0.0/8`, \
                 `fd00::/8`), or `unix` for peers on Unix sockets"
            )
        })?;
        self.networks.push(network);
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    /// Whether an address is in one of the networks.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        let bits = bits_of(address);
        self.networks.iter().any(|network| bits & network.mask == network.bits)
    }

    /// The same for the other end of a socket, which has no address if that is a Unix socket.
    pub(crate) fn contain_peer(&self, peer: Option<SocketAddr>) -> bool {
        peer.map_or(self.unix, |peer| self.contain(peer.ip()))
    }
}

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => width,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse::<u32>().ok().filter(|length| *length <= width)?
            }
            Some(_) => return None,
        };
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Some(Network { bits: bits_of(address) & mask, mask })
    }
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_begins_alike() {
        let table = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.6", false),
            ("192.168.1.6/31", "192.168.1.7", true),
            ("192.168.1.6/31", "192.168.1.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", true),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe00::1", false),
            ("::1", "::1", true),
            ("::1/128", "::2", false),
        ];
        for (network, address, expected) in table {
            let mut networks = Networks::default();
            networks.add(network).expect(network);
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(networks.contain(address), expected, "{network} {address}");
            assert!(!networks.contain_peer(None), "{network} is no Unix socket");
        }
    }

    #[test]
    fn unix_is_for_peers_without_an_address() {
        let mut networks = Networks::default();
        assert!(networks.is_empty() && !networks.contain_peer(None));
        networks.add("unix").expect("a word of the list");
        assert!(!networks.is_empty() && networks.contain_peer(None));
        assert!(!networks.contain_peer(Some(([127, 0, 0, 1], 1).into())));
    }

    #[test]
    fn what_is_no_network_is_told() {
        for text in [
            "",
            "10",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "a.example",
            "Unix",
            "[::1]",
        ] {
            let error = Networks::default().add(text).expect_err(text);
            assert!(
                error.contains(&format!("{text:?} is no network")) && error.contains("10.0.0.0/8"),
                "{error}"
            );
        }
    }
}
