//! Which ports one laboratory may use.

use std::net::{TcpListener, UdpSocket};

/// A thousand ports nobody else on this machine uses for now.
///
/// Tests run as processes side by side, so a block is claimed by listening on
/// its first port; the claim ends with the process, however it ends. All lie
/// below 32768, where Linux starts handing out ports by itself.
pub(super) struct PortBlock {
    first: u16,
    _claim: TcpListener,
}

impl PortBlock {
    const FIRST: u16 = 20_000;
    const SIZE: u16 = 1_000;
    const BLOCKS: u16 = 12;

    pub(super) fn claim() -> Option<Self> {
        // Not always the same one first: something else may sit in the middle of it.
        let start = (std::process::id() % u32::from(Self::BLOCKS)) as u16;
        (0..Self::BLOCKS).find_map(|n| {
            let first = Self::FIRST + (start + n) % Self::BLOCKS * Self::SIZE;
            let claim = TcpListener::bind(("127.0.0.1", first)).ok()?;
            let block = Self { first, _claim: claim };
            block.is_free().then_some(block)
        })
    }

    fn is_free(&self) -> bool {
        TcpListener::bind(("127.0.0.1", self.http())).is_ok()
            && [self.sip(), self.callees(), self.dead()]
                .iter()
                .all(|port| UdpSocket::bind(("127.0.0.1", *port)).is_ok())
    }

    /// Asterisk's HTTP server, TCP.
    pub(super) fn http(&self) -> u16 {
        self.first + 1
    }

    /// Asterisk's SIP transport, UDP.
    pub(super) fn sip(&self) -> u16 {
        self.first + 2
    }

    /// SIPp's SIP transport, UDP.
    pub(super) fn callees(&self) -> u16 {
        self.first + 3
    }

    /// Where nobody ever listens, UDP.
    pub(super) fn dead(&self) -> u16 {
        self.first + 4
    }

    /// SIPp's control socket, UDP.
    pub(super) fn callees_control(&self) -> u16 {
        self.first + 5
    }

    /// The first of SIPp's few media ports.
    pub(super) fn callees_media(&self) -> u16 {
        self.first + 10
    }

    /// T.38, which is not used but insists on ports.
    pub(super) fn udptl(&self) -> (u16, u16) {
        (self.first + 40, self.first + 59)
    }

    /// RTP and RTCP: enough for 450 calls.
    pub(super) fn rtp(&self) -> (u16, u16) {
        (self.first + 100, self.first + Self::SIZE - 1)
    }
}
