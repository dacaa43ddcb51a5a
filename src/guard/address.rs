//! Which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of the public internet: not of this machine, of a
/// private or shared network (RFC 1918, 6598, 4193), link-local (where clouds
/// tell machines their secrets), multicast, or reserved by the registries of
/// IANA. An IPv6 address that carries an IPv4 address is as public as that.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match carried(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = match (a, b, c) {
        // This network; private; loopback; multicast and what is above it.
        (0 | 10 | 127 | 224.., ..) => true,
        // Carrier-grade NAT.
        (100, 64..=127, _) => true,
        (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, 6to4 relays.
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => true,
        // Benchmarks.
        (198, 18 | 19, _) => true,
        _ => false,
    };
    !reserved
}

/// The IPv4 address inside: mapped, compatible, NAT64 (RFC 6052, 8215), 6to4.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = |a: u16, b: u16| {
        let [one, two] = a.to_be_bytes();
        let [three, four] = b.to_be_bytes();
        Ipv4Addr::new(one, two, three, four)
    };
    match address.segments() {
        // :: and ::1 are IPv6's own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b] | [0, 0, 0, 0, 0xffff, 0, a, b] => Some(last(a, b)),
        [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Some(last(a, b)),
        [0x2002, a, b, ..] => Some(last(a, b)),
        _ => None,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast is 2000::/3; in it are documentation (2001:db8::/32,
    // 3fff::/20) and protocol assignments such as Teredo (2001::/23).
    let documentation = (first == 0x2001 && second == 0xdb8) || (first == 0x3fff && second < 0x1000);
    let assignments = first == 0x2001 && second < 0x200;
    first & 0xe000 == 0x2000 && !documentation && !assignments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().expect("an address"))
    }

    #[test]
    fn what_is_not_public_is_known() {
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:192.168.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "100::1",
            "fd00:ec2::254",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!public(inside), "{inside}");
        }
    }

    #[test]
    fn what_is_public_is_known() {
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.215.14",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:1.1.1.1",
            "64:ff9b::8.8.8.8",
            "2002:808:808::",
        ] {
            assert!(public(outside), "{outside}");
        }
    }
}
