//! Real files of every kind, and what goes wrong with files.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { max_seconds: 600, max_bytes: 20 << 20 };

macro_rules! fixture {
    ($name:literal) => {
        ($name, &include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/audio/", $name))[..])
    };
}

/// Every kind of file with its length in milliseconds.
fn files() -> Vec<((&'static str, &'static [u8]), u128)> {
    vec![
        (fixture!("speech-8bit.wav"), 700),
        (fixture!("speech-16bit.wav"), 600),
        (fixture!("speech-24bit.wav"), 400),
        (fixture!("speech-32bit.wav"), 400),
        (fixture!("speech-float.wav"), 400),
        (fixture!("speech-stereo.wav"), 200),
        (fixture!("speech-ulaw.wav"), 700),
        (fixture!("speech.mp3"), 700),
        (fixture!("speech-noheader.mp3"), 792),
        (fixture!("speech.ogg"), 700),
        (fixture!("speech.flac"), 700),
    ]
}

fn samples(wav: &[u8]) -> (hound::WavSpec, Vec<f32>) {
    let reader = hound::WavReader::new(wav).expect("a WAV file");
    let spec = reader.spec();
    let samples = reader.into_samples::<i16>().map(|sample| f32::from(sample.expect("a sample")) / 32_768.0);
    (spec, samples.collect())
}

#[test]
fn every_kind_of_file_becomes_the_same_prompt() {
    let (_, reference) = samples(&convert(fixture!("speech-16bit.wav").1, LIMITS).expect("a prompt").narrow);
    for ((name, bytes), millis) in files() {
        let prompt = convert(bytes, LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
        let length = prompt.duration.as_millis();
        assert!(length.abs_diff(millis) <= 1, "{name}: {length} ms");
        for (wav, rate) in [(&prompt.narrow, NARROW), (&prompt.wide, WIDE)] {
            let (spec, samples) = samples(wav);
            assert_eq!((spec.channels, spec.bits_per_sample, spec.sample_rate), (1, 16, rate), "{name}");
            assert!((samples.len() as u128 * 1_000 / u128::from(rate)).abs_diff(length) <= 1, "{name}");
        }
        assert_eq!(prompt.waveform.len(), POINTS, "{name}");
        assert!(prompt.waveform.iter().any(|point| *point > 10), "{name}: {:?}", prompt.waveform);
        // The same words: where one is loud the other is.
        let (_, said) = samples(&prompt.narrow);
        assert!(likeness(&reference, &said) > 0.8, "{name}: {}", likeness(&reference, &said));
    }
}

/// The correlation of two sounds where they fit best, up to 150 ms apart.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let norm = |s: &[f32]| s.iter().map(|x| x * x).sum::<f32>().sqrt();
    let at = |shift: usize| {
        let length = (b.len().saturating_sub(shift)).min(a.len()).min(1_500);
        let (a, b) = (&a[..length], &b[shift..shift + length]);
        a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>() / (norm(a) * norm(b)).max(1e-9)
    };
    (0..1_200.min(b.len())).map(at).fold(0.0, f32::max)
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    let (_, bytes) = fixture!("speech.ogg");
    assert_eq!(convert(bytes, LIMITS), convert(bytes, LIMITS));
}

#[test]
fn what_breaks_off_is_told_as_cut_short() {
    for ((name, bytes), _) in files() {
        // An MP3 without a header says nowhere how long it is.
        if name == "speech-noheader.mp3" {
            continue;
        }
        for share in [30, 60, 90] {
            let cut = &bytes[..bytes.len() * share / 100];
            assert_eq!(convert(cut, LIMITS), Err(ConvertError::Truncated), "{name} at {share} %");
        }
    }
}

#[test]
fn limits_are_told_with_their_setting() {
    let (_, bytes) = fixture!("speech.mp3");
    let short = Limits { max_seconds: 0, ..LIMITS };
    let error = convert(bytes, short).expect_err("too long");
    assert_eq!(error, ConvertError::TooLong { max_seconds: 0 });
    assert!(error.to_string().contains("media.max_seconds"));
    let small = Limits { max_bytes: 1_000, ..LIMITS };
    let error = convert(bytes, small).expect_err("too large");
    assert!(matches!(error, ConvertError::TooLarge { .. }) && error.to_string().contains("media.max_mib"));
}

#[test]
fn no_sound_is_empty_and_no_audio_is_no_audio() {
    assert_eq!(convert(b"", LIMITS), Err(ConvertError::Empty));
    let silence_of_no_length = wav::write(&[], 8_000).expect("a file");
    assert_eq!(convert(&silence_of_no_length, LIMITS), Err(ConvertError::Empty));
    for other in [&b"phone_number\n+15551234567\n"[..], b"<html></html>", b"\x7fELF\x02\x01\x01", &[0; 4_096]] {
        assert_eq!(convert(other, LIMITS), Err(ConvertError::NotAudio));
    }
    // Looks like an MP3 for two bytes.
    let junk = [&[0xff, 0xfb, 0x90, 0x64][..], &[0x55; 5_000]].concat();
    assert!(convert(&junk, LIMITS).is_err());
}

#[test]
fn a_file_written_to_a_pipe_has_no_length_and_is_taken_whole() {
    let mut bytes = wav::write(&[0.1; 8_000], 8_000).expect("a file");
    // As ffmpeg and as sox write to a pipe.
    for length in [u32::MAX, 0x7fff_f000] {
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes[40..44].copy_from_slice(&length.to_le_bytes());
        let prompt = convert(&bytes, LIMITS).expect("a prompt");
        assert_eq!(prompt.duration, Duration::from_secs(1));
    }
}

/// 65,535 channels overflow a 16-bit product in the decoder, which panics in a
/// debug build.
#[test]
fn a_decoder_that_breaks_takes_nobody_with_it() {
    let mut bytes = wav::write(&[0.1; 100], 8_000).expect("a file");
    bytes[22..24].fill(0xff);
    assert!(convert(&bytes, LIMITS).is_err());
}

#[test]
fn rates_no_recording_has_are_refused() {
    for rate in [1_000, 1_000_000] {
        let bytes = wav::write(&[0.1; 100], rate).expect("a file");
        assert!(matches!(convert(&bytes, LIMITS), Err(ConvertError::Unsupported { .. })), "{rate}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..2_000), magic in 0..5_usize) {
        let magic = [&b""[..], b"RIFF\0\0\0\0WAVEfmt ", b"OggS", b"fLaC", b"\xff\xfb\x90\x64"][magic];
        let _ = convert(&[magic, &bytes].concat(), LIMITS);
    }

    #[test]
    fn damaged_files_give_an_answer(
        file in 0..11_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = files()[file].0.1.to_vec();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = convert(&bytes, LIMITS);
    }
}
