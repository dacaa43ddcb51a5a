//! What is due on a channel, and when.

use tokio::time::Instant;

use crate::call::Cause;

/// Something that will happen to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The callee does what is its way.
    Callee,
    /// Nobody answered in time.
    RingTimeout,
    /// The callee presses a key.
    Key(char),
    /// The callee presses a key after a sound, unless another sound begins.
    PromptKey(char),
    /// mod_avmd hears a beep.
    Beep,
    /// A recording ends by itself: its file, and why.
    RecordEnd(String, &'static str),
    /// The callee hangs up.
    CalleeHangsUp,
    /// It was parked for long enough.
    ParkTimeout(Cause),
    /// `sched_hangup`.
    Scheduled(Cause),
    /// What plays comes to its end.
    PlayEnd,
    /// A `sleep` is over.
    Rested,
    /// The channel, hung up, is taken down.
    Bury,
}

/// The dues of one channel: few, so a list will do.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    dues: Vec<(Instant, Due)>,
}

impl Schedule {
    /// Adds one.
    pub(super) fn add(&mut self, at: Instant, due: Due) {
        self.dues.push((at, due));
    }

    /// Takes one away, whenever it was due.
    pub(super) fn cancel(&mut self, due: &Due) -> Option<Instant> {
        let at = self.dues.iter().position(|(_, known)| known == due)?;
        Some(self.dues.swap_remove(at).0)
    }

    /// Takes away those of a kind; how many there were.
    pub(super) fn cancel_all(&mut self, kind: impl Fn(&Due) -> bool) -> usize {
        let before = self.dues.len();
        self.dues.retain(|(_, due)| !kind(due));
        before - self.dues.len()
    }

    /// Takes all away.
    pub(super) fn clear(&mut self) {
        self.dues.clear();
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.dues.iter().map(|(at, _)| *at).min()
    }

    /// Takes the earliest away, if its time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Due> {
        let (place, _) =
            self.dues.iter().enumerate().min_by_key(|(_, (at, _))| *at).filter(|(_, (at, _))| *at <= now)?;
        Some(self.dues.remove(place).1)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dues_come_in_order_of_time() {
        let now = Instant::now();
        let mut schedule = Schedule::default();
        schedule.add(now + Duration::from_secs(2), Due::Bury);
        schedule.add(now + Duration::from_secs(1), Due::Key('1'));
        schedule.add(now + Duration::from_secs(3), Due::Callee);
        assert_eq!(schedule.pop(now), None);
        assert_eq!(schedule.next(), Some(now + Duration::from_secs(1)));
        let late = now + Duration::from_secs(9);
        assert_eq!(schedule.pop(late), Some(Due::Key('1')));
        assert!(schedule.cancel(&Due::Bury).is_some());
        assert!(schedule.cancel(&Due::Bury).is_none());
        assert_eq!((schedule.pop(late), schedule.pop(late)), (Some(Due::Callee), None));
        schedule.add(now, Due::PromptKey('1'));
        schedule.add(now, Due::Key('1'));
        assert_eq!(schedule.cancel_all(|due| matches!(due, Due::PromptKey(_))), 1);
        assert_eq!(schedule.pop(late), Some(Due::Key('1')));
    }
}
