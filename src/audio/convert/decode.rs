//! The decoders, and what their complaints mean for whoever uploaded the file.

use std::io::{Cursor, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use super::container::{self, Container};
use super::resample::Resampler;
use super::{ConvertError, WIDE};

/// Sample rates that recordings have.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Frames an MP3 may begin with that refer to what came before it: it was cut
/// out of a longer one.
const MP3_LEAD_IN: u32 = 3;
/// An MP3 may have less than its header says by what its encoder counted as
/// padding.
const MP3_PADDING: u64 = 2 * 1_152;

/// The sound as mono samples at [`WIDE`], at most `max_seconds` of it.
pub(super) fn decode(bytes: &[u8], container: Container, max_seconds: u32) -> Result<Vec<f32>, ConvertError> {
    // The decoders are not ours, and what they are given may be made to break
    // them. Nothing of theirs is used after a panic.
    catch_unwind(AssertUnwindSafe(|| decode_trusting(bytes, container, max_seconds)))
        .unwrap_or_else(|_| Err(ConvertError::Damaged("the decoder gave up".into())))
}

fn decode_trusting(bytes: &[u8], container: Container, max_seconds: u32) -> Result<Vec<f32>, ConvertError> {
    let bytes = match container {
        Container::Wav => &container::wav_with_its_length(bytes),
        Container::Mp3 | Container::Ogg | Container::Flac => bytes,
    };
    let unsupported = |detail: String| ConvertError::Unsupported { format: container.name(), detail };
    let mut reader = open(bytes).map_err(|error| match error {
        Error::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => ConvertError::Truncated,
        other => unsupported(other.to_string()),
    })?;
    let track = reader.default_track(TrackType::Audio).ok_or_else(|| unsupported("there is no sound in it".into()))?;
    let (id, stated) = (track.id, track.num_frames);
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
    let parameters = parameters.ok_or_else(|| unsupported("its sound is of an unknown kind".into()))?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|error| unsupported(error.to_string()))?;

    let mut sound = Sound::new(max_seconds);
    while let Some(packet) = next(&mut *reader)? {
        if packet.track_id == id {
            sound.add(&mut *decoder, &packet, container)?;
        }
    }
    let whole = match container {
        Container::Ogg => container::ogg_has_its_end(bytes),
        Container::Wav | Container::Flac => stated.is_none_or(|frames| sound.frames >= frames),
        Container::Mp3 if container::mp3_states_its_length(bytes) => {
            stated.is_none_or(|frames| sound.frames + MP3_PADDING >= frames)
        }
        Container::Mp3 => true,
    };
    if !whole {
        return Err(ConvertError::Truncated);
    }
    sound.finish()
}

fn open(bytes: &[u8]) -> Result<Box<dyn FormatReader + '_>, Error> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    symphonia::default::get_probe().probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
}

fn next(reader: &mut dyn FormatReader) -> Result<Option<symphonia::core::packet::Packet>, ConvertError> {
    match reader.next_packet() {
        Ok(packet) => Ok(packet),
        Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => Err(ConvertError::Truncated),
        // Ogg files may follow each other in one file: the first one counts.
        Err(Error::ResetRequired) => Ok(None),
        Err(other) => Err(ConvertError::Damaged(other.to_string())),
    }
}

/// What has been decoded so far.
struct Sound {
    max_seconds: u32,
    /// Frames of the file's own rate.
    frames: u64,
    /// Rate and converter, from the first packet on.
    converter: Option<(u32, Resampler)>,
    failures: u32,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
}

impl Sound {
    fn new(max_seconds: u32) -> Self {
        Self { max_seconds, frames: 0, converter: None, failures: 0, interleaved: Vec::new(), mono: Vec::new() }
    }

    fn add(
        &mut self,
        decoder: &mut dyn AudioDecoder,
        packet: &symphonia::core::packet::Packet,
        container: Container,
    ) -> Result<(), ConvertError> {
        let decoded = match decoder.decode(packet) {
            Ok(decoded) => decoded,
            Err(_) if container == Container::Mp3 && self.frames == 0 && self.failures < MP3_LEAD_IN => {
                self.failures += 1;
                return Ok(());
            }
            Err(_) if container == Container::Mp3 && self.frames == 0 => return Err(ConvertError::NotAudio),
            Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(ConvertError::Truncated);
            }
            Err(error) => return Err(ConvertError::Damaged(error.to_string())),
        };
        let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
        if channels == 0 || decoded.frames() == 0 {
            return Ok(());
        }
        self.frames += decoded.frames() as u64;
        if self.frames > u64::from(self.max_seconds) * u64::from(rate) {
            return Err(ConvertError::TooLong { max_seconds: self.max_seconds });
        }
        decoded.copy_to_vec_interleaved(&mut self.interleaved);
        self.mono.clear();
        self.mono.extend(self.interleaved.chunks_exact(channels).map(mix));
        let (first, converter) = match &mut self.converter {
            Some(known) => known,
            None if RATES.contains(&rate) => self.converter.insert((rate, Resampler::new(rate, WIDE)?)),
            None => {
                let detail = format!("{rate} samples a second, expected {} to {}", RATES.start(), RATES.end());
                return Err(ConvertError::Unsupported { format: container.name(), detail });
            }
        };
        if *first != rate {
            return Err(ConvertError::Damaged("its sample rate changes in the middle".into()));
        }
        converter.push(&self.mono)
    }

    fn finish(self) -> Result<Vec<f32>, ConvertError> {
        match self.converter {
            Some((_, converter)) => converter.finish(),
            None => Ok(Vec::new()),
        }
    }
}

/// One sample of all channels. A float file may hold anything.
fn mix(frame: &[f32]) -> f32 {
    let sum: f32 = frame.iter().map(|sample| if sample.is_finite() { sample.clamp(-16.0, 16.0) } else { 0.0 }).sum();
    sum / frame.len() as f32
}
