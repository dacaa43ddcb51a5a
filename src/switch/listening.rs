//! What a callee says, frame by frame.

use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use crate::audio::frame::Frame;

/// The sound of a call, from the callee to us: 8 kHz, in frames of 20 ms, as
/// they come. Dropping it ends what brings them.
#[derive(Debug)]
pub struct Listening {
    frames: mpsc::Receiver<Frame>,
    _ends_when_dropped: DropGuard,
}

impl Listening {
    /// `guard` ends the task that sends the frames.
    pub(in crate::switch) fn new(frames: mpsc::Receiver<Frame>, guard: DropGuard) -> Self {
        Self { frames, _ends_when_dropped: guard }
    }

    /// The next frame; none once the sound has ended.
    pub async fn recv(&mut self) -> Option<Frame> {
        self.frames.recv().await
    }
}
