//! The proxy that deliveries may go through.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// A proxy that speaks HTTP CONNECT. Its user and password are shown nowhere.
#[derive(Clone)]
pub struct EgressProxy(Url);

impl EgressProxy {
    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for EgressProxy {
    type Err = &'static str;

    /// Reads `http://` or `https://`, user and password if it wants them, host and port.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).ok().filter(|url| {
            let is_proxy = matches!(url.scheme(), "http" | "https") && url.has_host();
            is_proxy && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
        });
        url.map(Self).ok_or("it is no proxy: write it like http://user:password@proxy.internal:3128")
    }
}

impl fmt::Display for EgressProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for EgressProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EgressProxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        let proxy: EgressProxy = "http://user:secret@proxy.internal:3128".parse().unwrap();
        assert_eq!(proxy.to_string(), "http://proxy.internal:3128");
        assert_eq!(format!("{proxy:?}"), "EgressProxy(http://proxy.internal:3128)");
        for text in [
            "",
            "proxy.internal:3128",
            "socks5://proxy:1080",
            "http://proxy/path",
            "http://proxy/?x",
            "http://",
        ] {
            assert!(text.parse::<EgressProxy>().is_err(), "{text}");
        }
    }
}
