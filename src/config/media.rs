//! The `[media]` section: what may stand there, and what is made of it.

use std::time::Duration;

use super::{Config, Media, MediaDelivery};
use crate::audio::convert::Limits;
use crate::media::{Delivery, KeyError, Publisher, SoundOptions, Sounds, SpeechOptions, check_command};

/// FreeSWITCH takes no longer text in what it plays; a sound's own part of the
/// URL needs room too.
const LONGEST_URL: usize = 500;

impl Media {
    /// Adds everything that is wrong with it to `errors`.
    pub(super) fn check(&self, errors: &mut Vec<String>) {
        let mut within = |key, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                errors.push(format!("media.{key}: is {value}, must be {low} to {high}"));
            }
        };
        within("max_seconds", self.max_seconds, 1, 7_200);
        within("max_mib", self.max_mib, 1, 512);
        // The longest call takes four hours, and its last sound is named before
        // it begins.
        within("url_seconds", self.url_seconds, 21_600, 2_592_000);
        within("speech_seconds", self.speech_seconds, 1, 600);
        within("speech_cache_mib", self.speech_cache_mib, 1, 1_000_000);
        if let Err(wrong) = check_command(&self.speech_command) {
            errors.push(format!("media.speech_command: {wrong}"));
        }
        match &self.public_url {
            Some(url) => errors.extend(wrong_url(url).map(|wrong| format!("media.public_url: {wrong}"))),
            None if self.delivery == MediaDelivery::Http && self.is_unnamed() => {
                errors.push(format!("media.public_url: is missing: no switch can fetch from {}", self.listen));
            }
            None => {}
        }
    }

    /// Whether the address listened on is nobody's address.
    fn is_unnamed(&self) -> bool {
        // An IPv6 address has brackets in a URL, which FreeSWITCH does not take.
        self.listen.ip().is_unspecified() || self.listen.port() == 0 || self.listen.is_ipv6()
    }
}

/// What is wrong with the beginning of a URL, if anything is.
fn wrong_url(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
        return Some("must begin with http:// or https://");
    };
    let safe = |c: char| c.is_ascii_alphanumeric() || "-._:/".contains(c);
    if rest.is_empty() || rest.starts_with(['/', ':']) {
        Some("names no host")
    } else if !rest.chars().all(safe) || url.contains(":_:") {
        Some("may hold letters, digits and - . _ : / only: FreeSWITCH takes no more")
    } else if url.len() > LONGEST_URL {
        Some("is too long")
    } else {
        None
    }
}

impl Config {
    /// What may be added to the media library.
    pub fn media_limits(&self) -> Limits {
        let Media { max_seconds, max_mib, .. } = self.media;
        Limits { max_seconds, max_bytes: u64::from(max_mib) << 20 }
    }

    /// What signs the URLs of sounds; none if they are delivered by path.
    /// Blocks, and makes the key if there is none.
    pub fn publisher(&self) -> Result<Option<Publisher>, KeyError> {
        let media = &self.media;
        match media.delivery {
            MediaDelivery::Path => Ok(None),
            MediaDelivery::Http => {
                let base = media.public_url.clone().unwrap_or_else(|| format!("http://{}", media.listen));
                let valid = Duration::from_secs(media.url_seconds.into());
                Publisher::new(&base, valid, &self.media_folder().local).map(Some)
            }
        }
    }

    /// What finds sounds and has texts spoken. Blocks as [`Self::publisher`] does.
    pub fn sounds(&self) -> Result<Sounds, KeyError> {
        Ok(Sounds::new(SoundOptions {
            folder: self.media_folder(),
            delivery: self.publisher()?.map_or(Delivery::Path, Delivery::Http),
            speech: SpeechOptions {
                command: self.media.speech_command.clone(),
                time_limit: Duration::from_secs(self.media.speech_seconds.into()),
                cache_bytes: u64::from(self.media.speech_cache_mib) << 20,
            },
            limits: self.media_limits(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(media: &Media) -> Vec<String> {
        let mut errors = Vec::new();
        media.check(&mut errors);
        errors
    }

    #[test]
    fn the_defaults_are_fine_by_path_and_by_http() {
        assert_eq!(faults(&Media::default()), Vec::<String>::new());
        let http = Media { delivery: MediaDelivery::Http, ..Media::default() };
        assert_eq!(faults(&http), Vec::<String>::new());
    }

    #[test]
    fn a_public_url_is_one_that_both_switches_take() {
        for good in ["http://10.0.0.5:8089", "https://pbx.example.org/canvass/"] {
            assert_eq!(wrong_url(good), None, "{good}");
        }
        let long = format!("http://{}", "a".repeat(500));
        for bad in
            ["", "10.0.0.5:8089", "http://", "http:///x", "http://[::1]:8089", "http://a b", "http://a?x=1", &long]
        {
            assert!(wrong_url(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn an_address_that_is_none_needs_a_url() {
        for listen in ["0.0.0.0:8089", "127.0.0.1:0", "[::1]:8089"] {
            let listen = listen.parse().expect("an address");
            let http = Media { delivery: MediaDelivery::Http, listen, ..Media::default() };
            assert!(faults(&http)[0].contains("media.public_url: is missing"), "{listen}");
            let named = Media { public_url: Some("http://pbx".into()), ..http.clone() };
            assert_eq!(faults(&named), Vec::<String>::new());
            assert_eq!(faults(&Media { delivery: MediaDelivery::Path, ..http }), Vec::<String>::new());
        }
    }
}
