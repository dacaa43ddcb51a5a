//! Are sounds where they should be, do they reach a switch, can texts be spoken?

use std::time::Duration;

use super::Finding;
use crate::clock::Clock;
use crate::config::{Config, MediaDelivery};
use crate::media::{KeyError, SpeechError, SpeechOptions};

/// What does not answer within this is not there.
const PATIENCE: Duration = Duration::from_secs(5);
/// Spoken to see that it can be.
const TRIAL: &str = "Hello.";

pub(super) fn folder(config: &Config) -> Finding {
    let folder = config.media_folder();
    if !folder.local.is_dir() {
        return Finding::Doubtful(format!(
            "{} is not there: campaigns with prompts cannot be launched",
            folder.local.display()
        ));
    }
    Finding::Good(format!("{} (switches: {})", folder.local.display(), folder.on_switch))
}

pub(super) async fn delivery(config: &Config) -> Finding {
    match config.media.delivery {
        MediaDelivery::Path => Finding::Good("by path: the switches must see that folder and may read it".into()),
        MediaDelivery::Http => by_http(config).await,
    }
}

async fn by_http(config: &Config) -> Finding {
    let listen = config.media.listen;
    let (publisher, sounds) = match (config.publisher(), config.sounds()) {
        (Ok(Some(publisher)), Ok(sounds)) => (publisher, sounds),
        (Ok(None), _) => return Finding::Good("by path".into()),
        (Err(error), _) | (_, Err(error)) => return Finding::Bad(error.to_string(), mend_key(&error)),
    };
    let clock = Clock::system();
    // Where a daemon runs it listens there, and is asked; else we are.
    let (server, whose) = match sounds.serve(listen, clock).await {
        Ok(server) => (server, "this check listened itself"),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => (None, "the daemon that runs answered"),
        Err(error) => {
            let mend = "set media.listen to an address of this machine".into();
            return Finding::Bad(format!("cannot listen on {listen}: {error}"), mend);
        }
    };
    let [known, forged] = publisher.probes(clock.now());
    let answers = (status(&known).await, status(&forged).await);
    drop(server);
    let base = known.split("/media/").next().unwrap_or_default();
    match answers {
        (Ok(404), Ok(403)) => Finding::Good(format!("by HTTP at {base} ({whose}); the switches must reach it too")),
        (Ok(403), Ok(403)) => Finding::Bad(
            format!("{base} does not know our signatures"),
            "another installation listens there: give this one another media.listen or media.public_url".into(),
        ),
        (Ok(status), Ok(_)) => Finding::Bad(
            format!("{base} is not canvass: it answers {status}"),
            "set media.public_url to where media.listen is reached".into(),
        ),
        (Err(error), _) | (_, Err(error)) => Finding::Bad(
            format!("{base} does not answer: {error}"),
            "set media.public_url to where media.listen is reached, and open the firewall".into(),
        ),
    }
}

fn mend_key(error: &KeyError) -> String {
    match error {
        KeyError::File { .. } => "make the media folder, and let us write to it".into(),
        KeyError::Damaged(path) => format!("remove {}: another is made", path.display()),
        KeyError::Random => "look at the system's log".into(),
    }
}

/// The HTTP status at this URL. Never tells the URL: it is signed.
async fn status(url: &str) -> Result<u16, String> {
    let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|error| error.to_string())?;
    let answer = client.get(url).send().await.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        cause.unwrap_or_else(|| error.without_url().to_string())
    })?;
    Ok(answer.status().as_u16())
}

pub(super) async fn speech(config: &Config) -> Finding {
    let sounds = match config.sounds() {
        Ok(sounds) => sounds,
        // Told by the delivery's check.
        Err(error) => return Finding::Doubtful(format!("not tried: {error}")),
    };
    let program = match sounds.speech_program().await {
        Ok(program) => program,
        // Nobody asked for it yet.
        Err(error) if config.media.speech_command == SpeechOptions::default().command => {
            return Finding::Doubtful(error.to_string());
        }
        Err(error) => return Finding::Bad(error.to_string(), "correct media.speech_command".into()),
    };
    if !config.media_folder().local.is_dir() {
        return Finding::Doubtful(format!("{}; not tried, there is no media folder", program.display()));
    }
    match sounds.speak(TRIAL).await {
        Ok(_) => Finding::Good(format!("{} speaks", program.display())),
        Err(error @ SpeechError::Folder { .. }) => {
            Finding::Bad(error.to_string(), "let us write to the media folder, and make room on its disk".into())
        }
        Err(
            error @ (SpeechError::NoText
            | SpeechError::TooLong { .. }
            | SpeechError::NoProgram { .. }
            | SpeechError::Failed { .. }
            | SpeechError::TimedOut { .. }
            | SpeechError::NoSound { .. }
            | SpeechError::BadSound { .. }
            | SpeechError::Broken(_)),
        ) => Finding::Bad(error.to_string(), "correct media.speech_command; try it by hand".into()),
    }
}
