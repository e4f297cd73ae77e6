//! Addresses and networks of the internet, as bans name them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The addresses that begin with the same bits; one alone where all bits count. An IPv4 address that is written as IPv6
/// (`::ffff:192.0.2.1`) is the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpNet);

impl Network {
    /// The network of so many bits in which an address lies; `None`: an address has not as many.
    #[must_use]
    pub fn around(address: IpAddr, bits: u8) -> Option<Self> {
        let (address, bits) = match (address, address.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(mapped)) => (IpAddr::V4(mapped), bits.checked_sub(96)?),
            (_, address) => (address, bits),
        };
        let network = IpNet::new(address, bits).ok()?;
        Some(Self(network.trunc()))
    }

    /// What one place has: an IPv4 address, or the 64 bits of IPv6 within which a host chooses its address itself.
    #[must_use]
    pub fn of_place(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let bits = if address.is_ipv4() { 32 } else { 64 };
        Self(IpNet::new_assert(address, bits).trunc())
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether it is of this machine alone.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.addr().is_loopback()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.prefix_len() == self.0.max_prefix_len() {
            true => write!(f, "{}", self.0.addr()),
            false => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str =
            "not an address or a network such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| WRONG)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| WRONG)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        Self::around(address, bits.unwrap_or(all)).ok_or(WRONG)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_written_is_read_and_shown_short() {
        for (written, shown) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7/32", "192.0.2.7"),
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:db8:1:2:3::/64", "2001:db8:1:2::/64"),
            ("::/0", "::/0"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
        ] {
            assert_eq!(network(written).to_string(), shown, "{written}");
            let json = serde_json::to_string(&network(written)).unwrap();
            assert_eq!(json, format!("{shown:?}"));
            assert_eq!(
                serde_json::from_str::<Network>(&json).unwrap(),
                network(written)
            );
        }
        for wrong in [
            "",
            "anna",
            "192.0.2",
            "192.0.2.7/33",
            "::1/129",
            "1.2.3.4/x",
            "::ffff:1.2.3.4/95",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mapped_address_lies_in_the_network_of_its_ipv4_alone() {
        let lies =
            |address: &str, written: &str| network(written).contains(address.parse().unwrap());
        assert!(lies("192.0.2.255", "192.0.2.0/24"));
        assert!(lies("::ffff:192.0.2.255", "192.0.2.0/24"));
        assert!(!lies("192.0.3.0", "192.0.2.0/24"));
        assert!(lies("10.0.0.1", "0.0.0.0/0"));
        assert!(!lies("::1", "0.0.0.0/0"));
        assert!(!lies("::ffff:10.0.0.1", "::/0"));
        assert!(lies("2001:db8::ffff", "2001:db8::/64"));
        assert!(!lies("2001:db8:0:1::", "2001:db8::/64"));
    }

    #[test]
    fn a_place_is_an_ipv4_address_or_64_bits_of_ipv6() {
        let place = |address: &str| Network::of_place(address.parse().unwrap()).to_string();
        assert_eq!(place("192.0.2.7"), "192.0.2.7");
        assert_eq!(place("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(place("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
