//! Names, looked up for a connection that is guarded.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Guard;

/// Looks names up with the system's resolver and keeps from the connection
/// what it may not reach.
#[derive(Clone, Copy, Debug)]
pub struct Resolver {
    guard: Guard,
}

/// A name leads only to addresses that are not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} leads to no public address (webhooks.allow_private allows others)")]
pub(super) struct LeadsInside(String);

impl Resolver {
    /// One that keeps to this rule.
    pub fn new(guard: Guard) -> Self {
        Self { guard }
    }

    /// The addresses found that may be used; an error if there were only
    /// others.
    fn admit(self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, LeadsInside> {
        let any = !found.is_empty();
        let allowed: Vec<_> = found.into_iter().filter(|address| self.guard.allows(address.ip())).collect();
        if any && allowed.is_empty() { Err(LeadsInside(name.to_owned())) } else { Ok(allowed) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            // The connection puts its own port in.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed = resolver.admit(name.as_str(), found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_name_means_only_public_addresses_are_used() {
        let resolver = Resolver::new(Guard::default());
        let found = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<_>>();
        let mixed = found(&["127.0.0.1:0", "1.1.1.1:0", "[fd00::1]:0"]);
        assert_eq!(resolver.admit("rebound.example", mixed.clone()), Ok(found(&["1.1.1.1:0"])));
        let inside = resolver.admit("inside.example", found(&["10.0.0.1:0"])).expect_err("refused");
        assert!(inside.to_string().contains("inside.example"));
        assert_eq!(Resolver::new(Guard { allow_private: true }).admit("x", mixed.clone()), Ok(mixed));
        assert_eq!(resolver.admit("nothing.example", Vec::new()), Ok(Vec::new()));
    }

    /// The connection really goes by it.
    #[tokio::test]
    async fn a_name_of_this_machine_is_not_connected_to() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let client = Guard::default().client().build().expect("a client");
        let error = client.get(format!("http://localhost:{port}/")).send().await.expect_err("refused");
        let mut causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        assert!(causes.any(|cause| cause.to_string().contains("no public address")), "{error:?}");
        let reached = tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
        assert!(reached.is_err(), "nobody came");
    }
}
