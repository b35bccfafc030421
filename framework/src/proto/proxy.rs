//! The PROXY protocol, versions 1 and 2: what a proxy that passes bytes on says of the client before the first of them.
//!
//! `https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt`, section 2. Nothing that follows the header is taken:
//! [`Decoder::wants`] says how many bytes are certain to be its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Proxied {
    /// `None`: the proxy speaks for itself, as for a look at our health, or does not know.
    pub(crate) client: Option<SocketAddr>,
    /// The client came over TLS (version 2, `PP2_TYPE_SSL`).
    pub(crate) is_secure: bool,
}

/// A header on its way.
#[derive(Debug)]
pub(crate) struct Decoder {
    bytes: Vec<u8>,
    limit: usize,
}

impl Decoder {
    /// `limit`: the most bytes that a header of version 2 may have. Version 1 has its own.
    pub(crate) fn new(limit: usize) -> Decoder {
        Decoder { bytes: Vec::new(), limit }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes to read next, at most. At least one, until the header has ended.
    pub(crate) fn wants(&self) -> usize {
        let have = self.bytes.len();
        if have < SHORTEST {
            return SHORTEST - have;
        }
        match self.length_v2() {
            Some(length) => length.saturating_sub(have),
            None if self.bytes.starts_with(&SIGNATURE) => FIXED - have,
            // A line of version 1 ends with CR and LF.
            None if self.bytes.last() == Some(&b'\r') => 1,
            None => 2,
        }
    }

    /// Takes bytes, no more than are wanted. `None`: there is more to come.
    ///
    /// # Errors
    /// This is no such header, or it is too long; the text says which.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result<Option<Proxied>, String> {
        self.bytes.extend_from_slice(bytes);
        let begins = |start: &[u8]| self.bytes.iter().zip(start).all(|(one, other)| one == other);
        if begins(&SIGNATURE) {
            return self.version_2();
        }
        if begins(START_OF_LINE) {
            return self.version_1();
        }
        Err("the connection begins with no header of the PROXY protocol".to_owned())
    }

    fn version_1(&self) -> Result<Option<Proxied>, String> {
        let Some(line) = self.bytes.strip_suffix(b"\r\n") else {
            if self.bytes.len() >= LONGEST_LINE {
                return Err(format!("the line of the PROXY protocol is longer than {LONGEST_LINE} bytes"));
            }
            return Ok(None);
        };
        let malformed =
            || format!("the line {:?} is none of the PROXY protocol", String::from_utf8_lossy(line));
        let line = std::str::from_utf8(line).map_err(|_| malformed())?;
        let rest = line.strip_prefix("PROXY ").ok_or_else(malformed)?;
        let mut words = rest.split(' ');
        let family = words.next();
        if family == Some("UNKNOWN") {
            return Ok(Some(Proxied { client: None, is_secure: false }));
        }
        let words: Vec<_> = words.collect();
        let [source, destination, source_port, destination_port] = words[..] else { return Err(malformed()) };
        let address = |text: &str| -> Option<IpAddr> {
            match family {
                Some("TCP4") => text.parse().map(IpAddr::V4).ok(),
                Some("TCP6") => text.parse().map(IpAddr::V6).ok(),
                _ => None,
            }
        };
        let client = address(source)
            .zip(port(source_port))
            .filter(|_| address(destination).is_some() && port(destination_port).is_some())
            .map(|(address, port)| SocketAddr::new(address.to_canonical(), port))
            .ok_or_else(malformed)?;
        Ok(Some(Proxied { client: Some(client), is_secure: false }))
    }

    /// The whole length of a header of version 2, once it is known.
    fn length_v2(&self) -> Option<usize> {
        let (fixed, _) = self.bytes.split_first_chunk::<FIXED>()?;
        let length = u16::from_be_bytes([fixed[14], fixed[15]]);
        fixed.starts_with(&SIGNATURE).then(|| FIXED + usize::from(length))
    }

    fn version_2(&self) -> Result<Option<Proxied>, String> {
        let Some(length) = self.length_v2() else { return Ok(None) };
        if length > self.limit {
            let limit = self.limit;
            return Err(format!(
                "the header of the PROXY protocol has {length} bytes, more than {limit} (Limits::proxy_header)"
            ));
        }
        let Some((fixed, body)) = self.bytes.get(..length).and_then(<[u8]>::split_first_chunk::<FIXED>)
        else {
            return Ok(None);
        };
        let (version, command) = (fixed[12] >> 4, fixed[12] & 0xf);
        match (version, command) {
            (2, LOCAL) => return Ok(Some(Proxied { client: None, is_secure: false })),
            (2, PROXY) => {}
            _ => {
                return Err(format!(
                    "version {version} with command {command} is none of the PROXY protocol"
                ));
            }
        }
        // Whatever is neither TCP over IPv4 nor over IPv6 has no client that we could name.
        let parts = match fixed[13] {
            TCP_4 => body.split_first_chunk().map(|(block, rest)| (client_4(block), rest)),
            TCP_6 => body.split_first_chunk().map(|(block, rest)| (client_6(block), rest)),
            _ => return Ok(Some(Proxied { client: None, is_secure: false })),
        };
        let (client, more) = parts.ok_or("the header of the PROXY protocol is shorter than its addresses")?;
        Ok(Some(Proxied { client: Some(client), is_secure: came_over_tls(more) }))
    }
}

/// Source and destination, 4 bytes each, and their ports.
fn client_4(block: &[u8; 12]) -> SocketAddr {
    let [a, b, c, d, _, _, _, _, high, low, _, _] = *block;
    SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low]))
}

/// Source and destination, 16 bytes each, and their ports.
fn client_6(block: &[u8; 36]) -> SocketAddr {
    let mut address = [0; 16];
    address.copy_from_slice(&block[..16]);
    SocketAddr::new(
        IpAddr::V6(Ipv6Addr::from(address)).to_canonical(),
        u16::from_be_bytes([block[32], block[33]]),
    )
}

/// Looks through what follows the addresses: a type, a length and a value each. What is cut short says nothing.
fn came_over_tls(mut more: &[u8]) -> bool {
    while let [kind, high, low, rest @ ..] = more {
        let Some((value, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))
        else {
            return false;
        };
        if *kind == TYPE_SSL {
            return value.first().is_some_and(|bits| bits & CLIENT_SSL != 0);
        }
        more = rest;
    }
    false
}

/// Decimal, without a sign or leading zeros.
fn port(text: &str) -> Option<u16> {
    let is_plain = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| is_plain)
}

const START_OF_LINE: &[u8] = b"PROXY ";
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// `PROXY UNKNOWN` with CR and LF, the shortest of all headers.
const SHORTEST: usize = 15;
const LONGEST_LINE: usize = 107;
/// What a header of version 2 begins with.
const FIXED: usize = 16;
const LOCAL: u8 = 0;
const PROXY: u8 = 1;
const TCP_4: u8 = 0x11;
const TCP_6: u8 = 0x21;
const TYPE_SSL: u8 = 0x20;
const CLIENT_SSL: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of version 2.
    fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0x20 | command, family]);
        bytes.extend((body.len() as u16).to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn four(more: &[u8]) -> Vec<u8> {
        let mut body = vec![203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x67, 0x01, 0xbb];
        body.extend(more);
        body
    }

    fn six(source: &str) -> Vec<u8> {
        let mut body = source.parse::<Ipv6Addr>().expect("an address").octets().to_vec();
        body.extend([0; 15]);
        body.extend([1, 0x12, 0x67, 0x01, 0xbb]);
        body
    }

    /// Feeds a header and what follows it, in pieces of at most `size` bytes.
    fn decode(bytes: &[u8], size: usize, limit: usize) -> Result<Option<Proxied>, String> {
        let mut decoder = Decoder::new(limit);
        let mut at = 0;
        while at < bytes.len() {
            let wants = decoder.wants();
            assert!(wants > 0, "it wants nothing after {at} bytes of {:?}", String::from_utf8_lossy(bytes));
            let end = bytes.len().min(at + wants.min(size));
            if let Some(proxied) = decoder.receive(&bytes[at..end])? {
                assert_eq!(end, bytes.len(), "it ended early");
                return Ok(Some(proxied));
            }
            at = end;
        }
        Ok(None)
    }

    #[test]
    fn headers_of_both_versions_are_read_to_their_end_and_no_further() {
        let client = "203.0.113.7:4711";
        let ssl = |bits: u8| four(&[4, 0, 1, 0, TYPE_SSL, 0, 5, bits, 0, 0, 0, 0]);
        let table: &[(Vec<u8>, Option<&str>, bool)] = &[
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n".to_vec(), Some(client), false),
            (b"PROXY TCP4 1.1.1.1 2.2.2.2 0 0\r\n".to_vec(), Some("1.1.1.1:0"), false),
            (b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n".to_vec(), Some("[2001:db8::7]:4711"), false),
            (b"PROXY TCP6 ::ffff:203.0.113.7 ::1 4711 443\r\n".to_vec(), Some(client), false),
            (
                b"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n".to_vec(),
                Some("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
                false,
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), None, false),
            (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n".to_vec(), None, false),
            (binary(PROXY, TCP_4, &four(b"")), Some(client), false),
            (binary(PROXY, TCP_6, &six("2001:db8::7")), Some("[2001:db8::7]:4711"), false),
            (binary(PROXY, TCP_6, &six("::ffff:203.0.113.7")), Some(client), false),
            (binary(LOCAL, 0, b""), None, false),
            (binary(LOCAL, TCP_4, &four(b"")), None, false),
            (binary(PROXY, 0, b"anything"), None, false),
            // A datagram, and a Unix socket.
            (binary(PROXY, 0x12, &four(b"")), None, false),
            (binary(PROXY, 0x31, &[b'/'; 216]), None, false),
            (binary(PROXY, TCP_4, &four(&[1, 0, 2, b'h', b'2'])), Some(client), false),
            (binary(PROXY, TCP_4, &ssl(1)), Some(client), true),
            (binary(PROXY, TCP_4, &ssl(6)), Some(client), false),
            (binary(PROXY, TCP_4, &four(&[TYPE_SSL, 0, 9, 1])), Some(client), false),
            (binary(PROXY, TCP_4, &four(&[TYPE_SSL, 0])), Some(client), false),
            (binary(PROXY, TCP_4, &four(&[TYPE_SSL, 0, 0])), Some(client), false),
        ];
        for (bytes, client, is_secure) in table {
            let client = client.map(|client| client.parse().expect("an address"));
            let expected = Proxied { client, is_secure: *is_secure };
            for size in [usize::MAX, 7, 1] {
                let decoded = decode(bytes, size, 1000);
                assert_eq!(decoded, Ok(Some(expected)), "{:?} by {size}", String::from_utf8_lossy(bytes));
                let begun = decode(&bytes[..bytes.len() - 1], size, 1000);
                assert_eq!(begun, Ok(None), "{:?} has not ended", String::from_utf8_lossy(bytes));
            }
        }
    }

    #[test]
    fn what_is_no_header_is_told_as_soon_as_it_is_known() {
        let no_header = "begins with no header of the PROXY protocol";
        let table: &[(Vec<u8>, &str)] = &[
            (b"GET / HTTP/1.1\r\n".to_vec(), no_header),
            (b"G".to_vec(), no_header),
            (b"\x16\x03\x01\x02\x00".to_vec(), no_header),
            (b"PROXYTCP4 1.1.1.1 2.2.2.2 1 1\r\n".to_vec(), no_header),
            (b"proxy TCP4 1.1.1.1 2.2.2.2 1 1\r\n".to_vec(), no_header),
            (b"\r\n\r\n\0\r\nQUIT\r".to_vec(), no_header),
            (b"PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY TCP4 1.1.1.1 2.2.2.2 1 1 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY TCP4  1.1.1.1 2.2.2.2 1 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY TCP4 1.1.1.1 2.2.2.2 01 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY TCP4 1.1.1.1 2.2.2.2 +1 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY TCP4 ::1 ::1 1 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY TCP6 1.1.1.1 ::1 1 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY UDP4 1.1.1.1 2.2.2.2 1 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY TCP4 1.1.1.\xff 2.2.2.2 1 1\r\n".to_vec(), "is none of the PROXY protocol"),
            (b"PROXY UNKNOWN ".iter().chain(&[b'x'; 94]).copied().collect(), "longer than 107 bytes"),
            (binary(2, TCP_4, &four(b"")), "version 2 with command 2"),
            (binary(0x11, TCP_4, &four(b"")), "version 3 with command 1"),
            (binary(PROXY, TCP_4, &four(b"")[..11]), "shorter than its addresses"),
            (binary(PROXY, TCP_6, &[0; 35]), "shorter than its addresses"),
        ];
        for (bytes, part) in table {
            for size in [usize::MAX, 1] {
                let error = decode(bytes, size, 1000).expect_err(part);
                assert!(error.contains(part), "{error}: {:?}", String::from_utf8_lossy(bytes));
            }
        }
    }

    #[test]
    fn both_versions_are_bounded() {
        let line = |length: usize| {
            let mut line = b"PROXY UNKNOWN ".to_vec();
            line.resize(length - 2, b'x');
            line.extend(b"\r\n");
            line
        };
        let header = |length: usize| binary(PROXY, TCP_4, &four(&vec![0; length - FIXED - 12]));
        let table = [(line(107), true), (line(108), false), (header(300), true), (header(301), false)];
        for (bytes, is_fine) in table {
            for size in [usize::MAX, 1] {
                let decoded = decode(&bytes, size, 300);
                assert_eq!(decoded.is_ok_and(|decoded| decoded.is_some()), is_fine, "{} bytes", bytes.len());
            }
        }
        let error = decode(&header(301), usize::MAX, 300).expect_err("too long");
        assert!(error.contains("301 bytes, more than 300 (Limits::proxy_header)"), "{error}");
    }
}
