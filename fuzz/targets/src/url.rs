//! The URL that a webhook is registered with, and the guard's first look at it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use encrata_webhooks_server::delivery::address::Guard;
use encrata_webhooks_server::model::webhook::HttpsUrl;
use url::{Host, Url};

/// What is registered is an absolute `https` URL that says nothing else, and no address in it is a private one.
pub fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(registered) = HttpsUrl::parse(text) else { return };
    assert_eq!(registered.as_str(), text, "it is shown as another");
    let url = registered.as_url();
    assert_eq!(url.scheme(), "https");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(url), "read again, it leads elsewhere");
    let guard = Guard::default();
    let passes = guard.check_literal(url).is_ok();
    match url.host().unwrap() {
        Host::Ipv4(address) => {
            assert_eq!(passes, guard.check(address.into()).is_ok());
            assert!(!passes || is_global_v4(address), "{address} passes");
        }
        Host::Ipv6(address) => {
            assert_eq!(passes, guard.check(address.into()).is_ok());
            assert!(!passes || is_global_v6(address), "{address} passes");
        }
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            assert!(!passes || !(name == "localhost" || name.ends_with(".localhost")), "{name} passes");
            assert!(name.parse::<IpAddr>().is_err(), "{name} is an address, and was taken for a name");
        }
    }
}

/// By the ranges' own words, not by the guard's table.
fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let own = address.is_private() || address.is_loopback() || address.is_link_local() || a == 0;
    let many = address.is_multicast() || address.is_broadcast() || a >= 240;
    let shared = a == 100 && (b & 0xc0) == 64;
    let protocol = [a, b, c] == [192, 0, 0] || [a, b, c] == [192, 88, 99] || (a == 198 && (b & 0xfe) == 18);
    !(own || many || shared || protocol || address.is_documentation())
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_global_v4(inner);
    }
    let [first, second, ..] = address.segments();
    let unicast = (first & 0xe000) == 0x2000;
    let protocol = first == 0x2001 && second < 0x200;
    let documentation = (first == 0x2001 && second == 0xdb8) || (first == 0x3fff && second < 0x1000);
    unicast && !protocol && !documentation && first != 0x2002
}
