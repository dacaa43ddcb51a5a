//! What a dial string's endpoint means here.

use crate::call::Cause;

/// An endpoint, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Somebody is called.
    Callee {
        /// The gateway of a `sofia/gateway/…` endpoint.
        gateway: Option<String>,
        /// Whom, as it stands in the endpoint.
        number: String,
        /// The name the channel gets.
        channel: String,
    },
    /// The call fails with this cause, without a channel.
    Fails(Cause),
}

const INVALID_URL: Cause = Cause(610);
const DESTINATION_OUT_OF_ORDER: Cause = Cause(27);

impl Endpoint {
    /// Reads `kind/address`.
    pub(super) fn read(text: &str) -> Self {
        let (kind, address) = text.split_once('/').unwrap_or((text, ""));
        match kind {
            "sofia" => Self::sofia(address),
            "error" => Self::Fails(Cause::from_freeswitch(&address.to_uppercase()).unwrap_or(DESTINATION_OUT_OF_ORDER)),
            _ => {
                let number = address.split(['/', '@']).next().unwrap_or_default().to_owned();
                let channel = format!("{kind}/{number}{}", if kind == "loopback" { "-a" } else { "" });
                Self::Callee { gateway: None, number, channel }
            }
        }
    }

    fn sofia(address: &str) -> Self {
        let (gateway, number) = match address.strip_prefix("gateway/") {
            Some(rest) => match rest.split_once('/') {
                Some((gateway, number)) => (Some(gateway.to_owned()), number),
                None => return Self::Fails(INVALID_URL),
            },
            None => (None, address.split_once('/').map_or("", |(_, user)| user)),
        };
        let number = number.trim_start_matches("sip:").split('@').next().unwrap_or_default().to_owned();
        if number.is_empty() {
            return Self::Fails(INVALID_URL);
        }
        let channel = format!("sofia/ext/{number}");
        Self::Callee { gateway, number, channel }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callee(gateway: Option<&str>, number: &str, channel: &str) -> Endpoint {
        Endpoint::Callee { gateway: gateway.map(str::to_owned), number: number.into(), channel: channel.into() }
    }

    #[test]
    fn kinds_of_endpoints() {
        assert_eq!(Endpoint::read("sofia/gateway/c/+155"), callee(Some("c"), "+155", "sofia/ext/+155"));
        assert_eq!(Endpoint::read("sofia/ext/sip:155@127.0.0.1:5060"), callee(None, "155", "sofia/ext/155"));
        assert_eq!(Endpoint::read("loopback/155/callee"), callee(None, "155", "loopback/155-a"));
        assert_eq!(Endpoint::read("user/1000@local"), callee(None, "1000", "user/1000"));
        assert_eq!(Endpoint::read("error/user_busy"), Endpoint::Fails(Cause(17)));
        assert_eq!(Endpoint::read("sofia/gateway/c"), Endpoint::Fails(INVALID_URL));
        assert_eq!(Endpoint::read("sofia/gateway/c/"), Endpoint::Fails(INVALID_URL));
        assert_eq!(Endpoint::read("sofia"), Endpoint::Fails(INVALID_URL));
    }
}
