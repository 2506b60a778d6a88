//! Who calls: decided here and nowhere else.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The proxies that are believed whom they speak for.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// Who makes a request, as far as that can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Its address: the peer's, or what trusted proxies say.
    pub address: IpAddr,
    /// Whether a trusted proxy says that the request came over TLS.
    pub over_tls: bool,
}

impl Caller {
    /// What one caller has for itself: an address of IPv4, or 64 bits of IPv6.
    pub(crate) fn network(&self) -> IpAddr {
        network(self.address)
    }
}

/// What one caller has for itself: an address of IPv4, or 64 bits of IPv6.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

impl TrustedProxies {
    /// Believes whoever connects from these networks.
    pub fn new(networks: impl Into<Arc<[IpNet]>>) -> Self {
        Self(networks.into())
    }

    /// Whether an address is that of a proxy which is believed.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who makes a request that came from `peer` with these headers.
    ///
    /// Only a trusted peer's `X-Forwarded-For` counts, and of its entries the last that is no trusted proxy's: each
    /// proxy adds at the end whom it speaks for, so what stands before that is the caller's own claim. An entry that is
    /// no address ends the walk at the one behind it.
    ///
    /// ```
    /// use encrata_webhooks_server::door::caller::TrustedProxies;
    /// let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    /// let headers = [("x-forwarded-for", "192.0.2.9, 198.51.100.7, 10.0.0.2")];
    /// let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    /// let headers = headers.into_iter().collect();
    /// let caller = |peer: &str| proxies.caller(peer.parse().unwrap(), &headers).address.to_string();
    /// assert_eq!(caller("10.0.0.1:4711"), "198.51.100.7");
    /// assert_eq!(caller("203.0.113.5:4711"), "203.0.113.5");
    /// ```
    pub fn caller(&self, peer: SocketAddr, headers: &HeaderMap) -> Caller {
        let mut address = peer.ip().to_canonical();
        if !self.trusts(address) {
            return Caller { address, over_tls: false };
        }
        let values = headers.get_all("x-forwarded-for").iter().rev();
        let entries = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        for hop in entries.map_while(hop) {
            address = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        let proto = headers.get_all("x-forwarded-proto").iter().next_back();
        let proto = proto.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        Caller { address, over_tls: proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https")) }
    }
}

/// An entry of `X-Forwarded-For`: an address, which some proxies write with a port or in brackets.
fn hop(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse().ok().or_else(|| entry.parse().ok().map(|address: SocketAddr| address.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let value = |value: &&str| HeaderValue::from_bytes(value.as_bytes()).unwrap();
        values.iter().map(|text| (name.parse().unwrap(), value(text))).collect()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_what_they_added() {
        let networks = ["127.0.0.0/8", "::1/128", "10.0.0.0/8"].map(|network| network.parse().unwrap());
        let proxies = TrustedProxies::new(networks);
        let of = |peer: &str, forwarded: &[&str]| {
            let caller = proxies.caller(peer.parse().unwrap(), &headers("x-forwarded-for", forwarded));
            network(caller.address).to_string()
        };
        for (peer, forwarded, caller) in [
            ("192.0.2.1:5", &[][..], "192.0.2.1"),
            ("192.0.2.1:5", &["198.51.100.7"], "192.0.2.1"),
            ("192.0.2.1:5", &["127.0.0.1"], "192.0.2.1"),
            ("127.0.0.1:5", &[], "127.0.0.1"),
            ("127.0.0.1:5", &["198.51.100.7"], "198.51.100.7"),
            ("[::ffff:127.0.0.1]:5", &["198.51.100.7"], "198.51.100.7"),
            ("[::1]:5", &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1:5", &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1:5", &["203.0.113.9, 198.51.100.7", "10.1.2.3,10.0.0.9"], "198.51.100.7"),
            // Nobody but proxies: the first of them.
            ("127.0.0.1:5", &["10.0.0.4, 10.0.0.5"], "10.0.0.4"),
            ("127.0.0.1:5", &["198.51.100.7:4711"], "198.51.100.7"),
            ("127.0.0.1:5", &["[2001:db8:1:2:3:4:5:6]:4711"], "2001:db8:1:2::"),
            ("127.0.0.1:5", &["[2001:db8:1:2:3:4:5:6]"], "2001:db8:1:2::"),
            ("127.0.0.1:5", &["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::"),
            ("127.0.0.1:5", &["::ffff:198.51.100.7"], "198.51.100.7"),
            // What is no address ends it, at the last good one.
            ("127.0.0.1:5", &["203.0.113.9, someone, 10.0.0.5"], "10.0.0.5"),
            ("127.0.0.1:5", &["203.0.113.9, someone"], "127.0.0.1"),
            ("127.0.0.1:5", &["203.0.113.9,"], "127.0.0.1"),
            ("127.0.0.1:5", &["for=203.0.113.9"], "127.0.0.1"),
            ("127.0.0.1:5", &["\"203.0.113.9\""], "127.0.0.1"),
            ("127.0.0.1:5", &["fe80::1%eth0"], "127.0.0.1"),
            ("127.0.0.1:5", &["[203.0.113.9"], "127.0.0.1"),
            ("127.0.0.1:5", &["203.0.113.9:99999"], "127.0.0.1"),
            ("127.0.0.1:5", &["\u{e9}"], "127.0.0.1"),
            ("127.0.0.1:5", &["", ",,,"], "127.0.0.1"),
            ("[2001:db8:1:2:3:4:5:6]:5", &[], "2001:db8:1:2::"),
        ] {
            assert_eq!(of(peer, forwarded), caller, "{peer} {forwarded:?}");
        }
        let nobody = TrustedProxies::default();
        let caller = nobody.caller("127.0.0.1:5".parse().unwrap(), &headers("x-forwarded-for", &["1.2.3.4"]));
        assert_eq!(caller.address.to_string(), "127.0.0.1");
    }

    #[test]
    fn only_a_trusted_proxy_says_that_there_was_tls() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let over_tls = |peer: &str, proto: &[&str]| {
            proxies.caller(peer.parse().unwrap(), &headers("x-forwarded-proto", proto)).over_tls
        };
        for proto in [&["https"][..], &["HTTPS"], &["http", "https"], &["http, https"]] {
            assert!(over_tls("10.0.0.1:5", proto), "{proto:?}");
            assert!(!over_tls("192.0.2.1:5", proto), "{proto:?}");
        }
        for proto in [&[][..], &["http"], &["https", "http"], &["https,http"], &["httpsx"], &[""]] {
            assert!(!over_tls("10.0.0.1:5", proto), "{proto:?}");
        }
    }
}
