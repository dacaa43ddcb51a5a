//! Where passwords are hashed and compared: off the threads that answer, and
//! few at once, because each takes 19 MiB and a core for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::problem::{Answer, Kind, Problem};
use crate::access::{HashError, PasswordHash};

/// Hashes at once.
const AT_ONCE: usize = 2;

/// Hashes at once and waiting.
const PLACES: usize = 32;

/// Who hashes, takes one of these.
#[derive(Clone, Debug)]
pub(super) struct Hashing {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Hashing {
    pub(super) fn start() -> Self {
        // Made now, the first unknown login takes no longer than the next.
        drop(spawn_blocking(PasswordHash::of_nobody));
        Self { places: Arc::new(Semaphore::new(PLACES)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Does it when it is its turn; too many waiting are a problem.
    pub(super) async fn run<T, W>(&self, work: W) -> Answer<T>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, HashError> + Send + 'static,
    {
        let busy = || Problem::wait(Kind::Unavailable, "too many people log in at once", Duration::from_secs(1));
        let place = self.places.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = self.turns.clone().acquire_owned().await.map_err(Problem::internal)?;
        // It ends by itself, and keeps its place until then, if nobody waits
        // for it any more.
        let done = spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        done.await.map_err(Problem::internal)?.map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn few_at_once_and_not_many_waiting() {
        let hashing = Hashing::start();
        let (go, wait) = mpsc::channel::<()>();
        let wait = Arc::new(std::sync::Mutex::new(wait));
        let mut tasks = Vec::new();
        for _ in 0..PLACES {
            let (hashing, wait) = (hashing.clone(), wait.clone());
            tasks.push(tokio::spawn(async move {
                // Until the sender is gone.
                let work = move || {
                    let _ended = wait.lock().map(|wait| wait.recv());
                    Ok(())
                };
                hashing.run(work).await.is_ok()
            }));
        }
        while hashing.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(hashing.run(|| Ok(())).await.is_err(), "no place");
        drop(go);
        for task in tasks {
            assert!(task.await.expect("no panic"));
        }
        assert!(hashing.run(|| Ok(())).await.is_ok());
    }
}
