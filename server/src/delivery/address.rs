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

use super::lookups::{self, Lookups};

/// Not globally routable (IANA's IPv4 Special-Purpose Address Registry, RFC 6890; multicast RFC 5771), and
/// the deprecated 6to4 relays (RFC 7526). Two addresses of 192.0.0.0/24 are reachable by that registry: they
/// lead to the nearest router that has them, which is one of our own network. The three networks that are
/// (AS112 in 192.31.196.0/24 and 192.175.48.0/24, AMT in 192.52.193.0/24) pass.
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

/// … and what is not globally routable in it (IANA's IPv6 Special-Purpose Address Registry). Parts of `2001::/23`
/// are reachable by that registry, and refused all the same: anycast that leads to the nearest router
/// (`2001:1::/32`), relays and sinks of other protocols (`2001:3::/32`, `2001:4:112::/48`), and names of hosts in the
/// shape of addresses (`2001:20::/28`, `2001:30::/28`). No receiver of HTTPS lives there.
const V6_BLOCKED: [(Ipv6Net, &str); 4] = [
    (v6(0x2001, 0, 0, 23), "reserved for protocols (Teredo among them)"),
    (v6(0x2001, 0xdb8, 0, 32), "for documentation"),
    (v6(0x2002, 0, 0, 16), "6to4, which leads to an address of IPv4"),
    (v6(0x3fff, 0, 0, 20), "for documentation"),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(a: u16, b: u16, c: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

/// Where networks with IPv6 alone find IPv4 (RFC 6052): it leads to the address of IPv4 in its last 32 bits.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

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

impl Blocked {
    /// Whether it is this machine's own.
    pub(crate) fn is_loopback(&self) -> bool {
        self.address.to_canonical().is_loopback()
    }
}

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
        if let IpAddr::V6(v6) = address
            && NAT64.contains(&v6)
        {
            let [.., a, b, c, d] = v6.octets();
            return self
                .check(Ipv4Addr::new(a, b, c, d).into())
                .map_err(|Blocked { why, .. }| Blocked { address, why });
        }
        let why = match address {
            IpAddr::V4(v4) => {
                V4_BLOCKED.iter().find(|(network, _)| network.contains(&v4)).map(|(_, why)| *why)
            }
            IpAddr::V6(v6) if !V6_GLOBAL.contains(&v6) => Some(kind_of_local_v6(v6)),
            IpAddr::V6(v6) if is_isatap(v6) => Some("ISATAP, which leads to an address of IPv4"),
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

/// An interface identifier that holds an address of IPv4, to which the network's own router leads (RFC 5214).
fn is_isatap(address: Ipv6Addr) -> bool {
    let [.., high, low, _, _] = address.segments();
    high & !0x200 == 0 && low == 0x5efe
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
    } else if first & 0xffc0 == 0xfec0 {
        "site-local"
    } else if first == 0x64 {
        "NAT64"
    } else if first == 0x100 {
        "discarded"
    } else if address.segments()[..6] == [0; 6] {
        "an address of IPv4 in another shape"
    } else {
        "reserved"
    }
}

/// A name has no address at all.
#[derive(Debug)]
pub(super) struct Unresolved(pub(super) String);

impl Unresolved {
    /// Whether nobody said so in time.
    pub(super) fn is_late(&self) -> bool {
        self.0.ends_with(lookups::LATE)
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unresolved {}

/// The look-ups, behind the guard if there is one.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) guard: Option<Guard>,
    pub(super) lookups: Lookups,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, lookups, asker) = (self.guard.clone(), self.lookups.clone(), lookups::asker());
        Box::pin(async move {
            let found = lookups.addresses(asker, name.as_str()).await;
            let found = found.map_err(|why| Unresolved((*why).to_owned()))?;
            let found = found.iter().copied();
            // Each who asked checks what all of them got.
            let permitted =
                guard.map_or_else(|| Ok(found.clone().collect()), |guard| guard.permitted(found.clone()))?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
