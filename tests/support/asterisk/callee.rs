//! The called parties SIPp plays (`sipp/callee.xml`), chosen by the number.

/// What a called party does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callee {
    /// Rings, answers, stays until the caller hangs up.
    Answers,
    /// 486 Busy Here.
    Busy,
    /// Rings until the caller gives up.
    NeverAnswers,
    /// 603 Decline.
    Declines,
    /// 404 Not Found.
    NotFound,
    /// 503 Service Unavailable.
    Congestion,
    /// Rings, answers, hangs up after a second, without giving a cause.
    HangsUp,
    /// The same, giving the cause 16 of a normal end.
    HangsUpWithCause,
    /// 480 Temporarily Unavailable.
    Unavailable,
    /// 608 Rejected: blocked by call analytics (RFC 8688).
    Blocked,
    /// Rings, answers, presses this key (0 to 9) after a second, stays.
    Presses(u8),
}

impl Callee {
    /// Number `index` (below 100,000) of those who behave like this.
    pub(crate) fn number(self, index: u32) -> String {
        assert!(index < 100_000, "only five digits tell callees of a kind apart");
        let kind = match self {
            Self::Answers => 0,
            Self::Busy => 1,
            Self::NeverAnswers => 2,
            Self::Declines => 3,
            Self::NotFound => 4,
            Self::Congestion => 5,
            Self::HangsUp => 6,
            Self::HangsUpWithCause => 7,
            Self::Unavailable => 8,
            Self::Blocked => 9,
            Self::Presses(key) => {
                assert!(key < 10, "keys are digits");
                10 + key
            }
        };
        format!("+1555{index:05}{kind:02}")
    }

    /// The number behind the trunk that leads to SIPp.
    pub(crate) fn endpoint(self, index: u32) -> String {
        format!("PJSIP/{}@carrier", self.number(index))
    }
}
