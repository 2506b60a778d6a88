use super::*;

/// IANA's special-purpose registries, row by row, with multicast and what is not handed out: everything that is not
/// plain unicast. The last column says whether deliveries may go there.
const REGISTERED: &[(&str, bool)] = &[
    ("0.0.0.0/8", false),
    ("0.0.0.0/32", false),
    ("10.0.0.0/8", false),
    ("100.64.0.0/10", false),
    ("127.0.0.0/8", false),
    ("169.254.0.0/16", false),
    ("172.16.0.0/12", false),
    ("192.0.0.0/24", false),
    ("192.0.0.0/29", false),
    ("192.0.0.8/32", false),
    ("192.0.0.9/32", false),
    ("192.0.0.10/32", false),
    ("192.0.0.170/31", false),
    ("192.0.2.0/24", false),
    ("192.31.196.0/24", true),
    ("192.52.193.0/24", true),
    ("192.88.99.0/24", false),
    ("192.168.0.0/16", false),
    ("192.175.48.0/24", true),
    ("198.18.0.0/15", false),
    ("198.51.100.0/24", false),
    ("203.0.113.0/24", false),
    ("224.0.0.0/4", false),
    ("240.0.0.0/4", false),
    ("255.255.255.255/32", false),
    ("::/128", false),
    ("::1/128", false),
    ("::/96", false),
    ("::ffff:0:0:0/96", false),
    ("64:ff9b:1::/48", false),
    ("100::/64", false),
    ("100:0:0:1::/64", false),
    ("200::/7", false),
    ("400::/6", false),
    ("800::/5", false),
    ("1000::/4", false),
    ("2001::/23", false),
    ("2001::/32", false),
    ("2001:1::1/128", false),
    ("2001:1::2/128", false),
    ("2001:1::3/128", false),
    ("2001:2::/48", false),
    ("2001:3::/32", false),
    ("2001:4:112::/48", false),
    ("2001:10::/28", false),
    ("2001:20::/28", false),
    ("2001:30::/28", false),
    ("2001:db8::/32", false),
    ("2002::/16", false),
    ("2620:4f:8000::/48", true),
    ("3fff::/20", false),
    ("4000::/3", false),
    ("5f00::/16", false),
    ("6000::/3", false),
    ("8000::/1", false),
    ("fc00::/7", false),
    ("fe80::/10", false),
    ("fec0::/10", false),
    ("ff00::/8", false),
];

/// The address before a network's first and the one behind its last, if there are such.
fn neighbours(network: IpNet) -> [Option<IpAddr>; 2] {
    match (network.network(), network.broadcast()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => [
            first.to_bits().checked_sub(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
            last.to_bits().checked_add(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
        ],
        (IpAddr::V6(first), IpAddr::V6(last)) => [
            first.to_bits().checked_sub(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
            last.to_bits().checked_add(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
        ],
        _ => unreachable!("a network has one family"),
    }
}

/// Of IPv6 only `2000::/3` is in use.
fn is_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(v6) => V6_GLOBAL.contains(&v6),
    }
}

#[test]
fn only_globally_routable_addresses_pass() {
    let guard = Guard::default();
    let networks: Vec<(IpNet, bool)> =
        REGISTERED.iter().map(|(network, passes)| (network.parse().unwrap(), *passes)).collect();
    let is_blocked =
        |address: &IpAddr| networks.iter().any(|(network, passes)| !passes && network.contains(address));
    for (network, passes) in &networks {
        for inside in [network.network(), network.broadcast()] {
            assert_eq!(guard.check(inside).is_ok(), *passes, "{inside} of {network}");
        }
        for beside in neighbours(*network).into_iter().flatten() {
            let passes = is_unicast(beside) && !is_blocked(&beside);
            assert_eq!(guard.check(beside).is_ok(), passes, "{beside} beside {network}");
        }
    }
    for address in
        ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700::1111", "2001:4860::8888", "2a00:1450::1"]
    {
        assert_eq!(guard.check(address.parse().unwrap()), Ok(()), "{address}");
    }
}

/// Whatever shape an address of IPv4 comes in.
#[test]
fn an_address_inside_is_refused_in_every_shape_of_ipv6() {
    let guard = Guard::default();
    for inside in
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "1.1.1.1"]
    {
        let v4: Ipv4Addr = inside.parse().unwrap();
        let [a, b, c, d] = v4.octets();
        let hex = format!("{a:02x}{b:02x}:{c:02x}{d:02x}");
        let is_public = inside == "1.1.1.1";
        let as_the_address = [format!("::ffff:{hex}"), format!("64:ff9b::{hex}")];
        let never = [
            format!("::{hex}"),
            format!("::ffff:0:{hex}"),
            format!("64:ff9b:1::{hex}"),
            format!("2002:{hex}::1"),
            format!("2001:0:{hex}::1"),
            format!("2001:0:4136:e378:8000:63bf:{:x}:{:x}", !v4.to_bits() >> 16, !v4.to_bits() & 0xffff),
            format!("fe80::5efe:{hex}"),
            format!("2606:4700::5efe:{hex}"),
            format!("2606:4700::200:5efe:{hex}"),
        ];
        for text in as_the_address {
            assert_eq!(guard.check(text.parse().unwrap()).is_ok(), is_public, "{text}");
        }
        for text in never {
            assert!(guard.check(text.parse().unwrap()).is_err(), "{text}");
        }
    }
    // What the operator allows is allowed behind NAT64 as well, and that alone.
    let guard = Guard::new(vec!["10.0.0.0/8".parse().unwrap()]);
    assert!(guard.check("64:ff9b::a00:1".parse().unwrap()).is_ok());
    let refused = guard.check("64:ff9b::7f00:1".parse().unwrap()).unwrap_err().to_string();
    assert!(refused.contains("64:ff9b::7f00:1") && refused.contains("loopback"), "{refused}");
}

#[test]
fn literals_are_refused_in_every_spelling() {
    let guard = Guard::default();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7F.0x0.0x0.0x1",
        "017700000001",
        "0177.0.0.1",
        "0177.0x0.0.1",
        "00000177.1",
        "127.1",
        "127.0.1",
        "127.0x1",
        "0x7f.1.",
        "0",
        "0.0.0.0",
        "%31%32%37.0.0.1",
        "127%2e0%2E0%2e1",
        "１２７.0.0.1",
        "127。0。0。1",
        "１２７．０．０．１",
        "127｡0｡0｡1",
        "⑫７.0.0.1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:7f00:1]",
        "[::FFFF:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "localhost",
        "LOCALHOST.",
        "localhost..",
        "ＬＯＣＡＬＨＯＳＴ",
        "loc\u{ad}alhost",
        "%6cocalhost",
        "a.localhost",
        "10.1",
        "169.254.43518",
        "2852039166",
        "0xa9fea9fe",
        "[fd00:ec2::254]",
    ] {
        let url = Url::parse(&format!("https://{host}/")).unwrap_or_else(|error| panic!("{host}: {error}"));
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
    let some = guard.permitted([at("10.0.0.1"), at("1.1.1.1"), at("::1")].into_iter());
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
        ("fec0::1", "fec0::1 is not on the public internet (site-local)"),
        ("fc00::1", "fc00::1 is not on the public internet (private)"),
        ("fdff::1", "fdff::1 is not on the public internet (private)"),
        ("fe00::1", "fe00::1 is not on the public internet (reserved)"),
        ("64:ff9b:1::1", "64:ff9b:1::1 is not on the public internet (NAT64)"),
        ("65::1", "65::1 is not on the public internet (reserved)"),
    ] {
        let blocked = Guard::default().check(address.parse().unwrap()).unwrap_err().to_string();
        assert_eq!(blocked, format!("the address {why}, so nothing is delivered to it"));
    }
    assert_eq!(Unresolved("no such name".into()).to_string(), "no such name");
}
