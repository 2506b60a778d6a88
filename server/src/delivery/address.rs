//! The guard: which addresses deliveries may go to.
//!
//! It sits in the resolver, so the addresses that are checked are the ones that are connected to: there is
//! no second look-up whose answer could differ. Literal addresses never reach a resolver, so they are
//! checked before the request.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Not globally routable (IANA's IPv4 Special-Purpose Address Registry, RFC 6890; multicast RFC 5771), and
/// the deprecated 6to4 relays (RFC 7526).
const V4_BLOCKED: [(Ipv4Net, &str); 16] = [
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "shared (carrier-grade NAT)"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 0, 16), "link-local (cloud metadata among them)"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "reserved for protocols"),
    (v4(192, 0, 2, 0, 24), "for documentation"),
    (v4(192, 88, 99, 0, 24), "6to4 relay"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "for benchmarks"),
    (v4(198, 51, 100, 0, 24), "for documentation"),
    (v4(203, 0, 113, 0, 24), "for documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// The only unicast space in use (RFC 4291 section 2.5.4) …
const V6_GLOBAL: Ipv6Net = v6(0x2000, 0, 0, 3);

/// … and what is not globally routable in it (IANA's IPv6 Special-Purpose Address Registry).
const V6_BLOCKED: [(Ipv6Net, &str); 4] = [
    (v6(0x2001, 0, 0, 23), "reserved for protocols (Teredo among them)"),
    (v6(0x2001, 0xdb8, 0, 32), "for documentation"),
    (v6(0x2002, 0, 0, 16), "6to4"),
    (v6(0x3fff, 0, 0, 20), "for documentation"),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(a: u16, b: u16, c: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

/// Lets globally routable addresses through, and the networks that the operator allows.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Arc<[IpNet]>,
}

/// An address that deliveries may not go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    address: IpAddr,
    why: &'static str,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, why } = self;
        write!(
            f,
            "the address {address} is not on the public internet ({why}), so nothing is delivered to it"
        )
    }
}

impl std::error::Error for Blocked {}

impl Guard {
    /// A guard that also lets `allowed` through.
    pub fn new(allowed: impl Into<Arc<[IpNet]>>) -> Self {
        Self { allowed: allowed.into() }
    }

    /// Whether deliveries may go to an address.
    ///
    /// # Errors
    ///
    /// [`Blocked`], with the kind of address it is.
    ///
    /// ```
    /// use encrata_webhooks_server::delivery::address::Guard;
    /// let guard = Guard::new(vec!["10.1.0.0/16".parse().unwrap()]);
    /// assert!(guard.check("1.1.1.1".parse().unwrap()).is_ok());
    /// assert!(guard.check("10.1.2.3".parse().unwrap()).is_ok());
    /// assert!(guard.check("10.2.2.3".parse().unwrap()).is_err());
    /// assert!(guard.check("::ffff:127.0.0.1".parse().unwrap()).is_err());
    /// ```
    pub fn check(&self, address: IpAddr) -> Result<(), Blocked> {
        // ::ffff:a.b.c.d connects to a.b.c.d.
        let address = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        let why = match address {
            IpAddr::V4(v4) => {
                V4_BLOCKED.iter().find(|(network, _)| network.contains(&v4)).map(|(_, why)| *why)
            }
            IpAddr::V6(v6) if !V6_GLOBAL.contains(&v6) => Some(kind_of_local_v6(v6)),
            IpAddr::V6(v6) => {
                V6_BLOCKED.iter().find(|(network, _)| network.contains(&v6)).map(|(_, why)| *why)
            }
        };
        why.map_or(Ok(()), |why| Err(Blocked { address, why }))
    }

    /// Refuses what can be refused without asking a name server: literal addresses in any spelling (the URL
    /// parser has brought them into one), and `localhost`.
    ///
    /// # Errors
    ///
    /// [`Blocked`].
    pub fn check_literal(&self, url: &Url) -> Result<(), Blocked> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check(address.into()),
            Some(Host::Ipv6(address)) => self.check(address.into()),
            Some(Host::Domain(name)) if is_localhost(name) => {
                self.check(Ipv4Addr::LOCALHOST.into()).or_else(|_| self.check(Ipv6Addr::LOCALHOST.into()))
            }
            Some(Host::Domain(_)) | None => Ok(()),
        }
    }

    /// The addresses of a name that deliveries may go to.
    fn permitted(&self, addresses: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Blocked> {
        let mut blocked = None;
        let mut permitted = Vec::new();
        for address in addresses {
            match self.check(address.ip()) {
                Ok(()) => permitted.push(address),
                Err(error) => blocked = Some(error),
            }
        }
        match blocked {
            Some(error) if permitted.is_empty() => Err(error),
            _ => Ok(permitted),
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

fn kind_of_local_v6(address: Ipv6Addr) -> &'static str {
    let first = address.segments()[0];
    if address.is_loopback() {
        "loopback"
    } else if address.is_multicast() {
        "multicast"
    } else if first & 0xffc0 == 0xfe80 {
        "link-local"
    } else if first & 0xfe00 == 0xfc00 {
        "private"
    } else if first == 0x64 {
        "NAT64"
    } else {
        "reserved"
    }
}

/// A name has no address at all.
#[derive(Debug)]
pub(super) struct Unresolved(pub(super) String);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unresolved {}

/// The system's resolver behind the guard.
impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|error| Unresolved(error.to_string()))?;
            let permitted = guard.permitted(found)?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_globally_routable_addresses_pass() {
        let guard = Guard::default();
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(guard.check(address.parse().unwrap()).is_err(), "{address}");
        }
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860::8888",
            "::ffff:8.8.8.8",
        ] {
            assert!(guard.check(address.parse().unwrap()).is_ok(), "{address}");
        }
    }

    #[test]
    fn literals_are_refused_in_every_spelling() {
        let guard = Guard::default();
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "127.0.0.1.",
            "１２７.0.0.1",
            "[::1]",
            "[::ffff:7f00:1]",
            "localhost",
            "LOCALHOST.",
            "localhost..", // found by fuzzing
            "a.localhost",
        ] {
            let url = Url::parse(&format!("https://{host}/")).unwrap();
            assert!(guard.check_literal(&url).is_err(), "{host}");
        }
        assert!(guard.check_literal(&Url::parse("https://example.com/").unwrap()).is_ok());
        let loopback = Guard::new(vec!["::1/128".parse().unwrap()]);
        assert!(loopback.check_literal(&Url::parse("https://localhost/").unwrap()).is_ok());
    }

    #[test]
    fn of_several_addresses_only_the_permitted_are_connected_to() {
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 443);
        let guard = Guard::default();
        let some = guard.permitted([at("10.0.0.1"), at("1.1.1.1")].into_iter());
        assert_eq!(some, Ok(vec![at("1.1.1.1")]));
        assert!(guard.permitted([at("10.0.0.1"), at("::1")].into_iter()).is_err());
    }

    #[test]
    fn a_refusal_says_which_address_and_why() {
        for (address, why) in [
            ("10.0.0.1", "10.0.0.1 is not on the public internet (private)"),
            ("::ffff:192.168.0.1", "192.168.0.1 is not on the public internet (private)"),
            ("::1", "::1 is not on the public internet (loopback)"),
            ("ff02::1", "ff02::1 is not on the public internet (multicast)"),
            ("fe80::1", "fe80::1 is not on the public internet (link-local)"),
            ("febf::1", "febf::1 is not on the public internet (link-local)"),
            ("fec0::1", "fec0::1 is not on the public internet (reserved)"),
            ("fc00::1", "fc00::1 is not on the public internet (private)"),
            ("fdff::1", "fdff::1 is not on the public internet (private)"),
            ("fe00::1", "fe00::1 is not on the public internet (reserved)"),
            ("64:ff9b::7f00:1", "64:ff9b::7f00:1 is not on the public internet (NAT64)"),
            ("65::1", "65::1 is not on the public internet (reserved)"),
        ] {
            let blocked = Guard::default().check(address.parse().unwrap()).unwrap_err().to_string();
            assert_eq!(blocked, format!("the address {why}, so nothing is delivered to it"));
        }
        assert_eq!(Unresolved("no such name".into()).to_string(), "no such name");
    }
}
