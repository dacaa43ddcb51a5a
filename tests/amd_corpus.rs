//! `canvass amd` on a small corpus of tones and two spoken sentences (made with
//! espeak-ng): what it says of each file, at any sampling rate, and of files that
//! are none.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

#[path = "../src/audio/synth.rs"]
mod synth;
use synth::{join, noise, silence, speech, tone};

/// What is said in a file of tests/fixtures/amd.
fn said(name: &str) -> Vec<i16> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/amd").join(name);
    let file = hound::WavReader::open(path).expect("a fixture");
    file.into_samples().map(|sample| sample.expect("a sample")).collect()
}

/// Name, expected verdict and reason, samples at 8 kHz.
fn corpus() -> Vec<(&'static str, &'static str, &'static str, Vec<i16>)> {
    let hello = || said("hello.wav");
    let recording = said("voicemail.wav");
    let pip = |hz: f32, ms| tone(&[hz], ms, 6_000.0);
    let busy: Vec<_> = (0..5).flat_map(|_| [tone(&[480.0, 620.0], 500, 6_000.0), silence(500)]).collect();
    vec![
        ("hello", "human", "short_greeting", join(&[silence(400), hello(), silence(3_000)])),
        (
            "hello-hello",
            "human",
            "short_greeting",
            join(&[silence(400), hello(), silence(2_000), hello(), silence(1_000)]),
        ),
        ("business", "human", "short_greeting", join(&[silence(200), speech(2_600, 6_000.0), silence(3_000)])),
        ("voicemail", "machine", "recording", join(&[recording, silence(500), pip(850.0, 400), silence(900)])),
        (
            "short-voicemail",
            "machine",
            "beep",
            join(&[silence(200), hello(), silence(300), pip(1_400.0, 300), silence(2_000)]),
        ),
        ("nobody", "unsure", "initial_silence", noise(6_000, 250.0, 1)),
        ("busy", "machine", "busy_tone", join(&busy)),
        ("fax", "fax", "fax_tone", join(&[silence(300), pip(1_100.0, 500), silence(2_000)])),
        ("no-such-number", "sit", "information_tones", join(&[pip(950.0, 330), pip(1_400.0, 330), pip(1_800.0, 330)])),
    ]
}

fn write(path: &Path, samples: &[i16], times: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000 * times,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).expect("a file");
    for sample in samples {
        (0..times).for_each(|_| file.write_sample(*sample).expect("written"));
    }
    file.finalize().expect("finished");
}

fn amd(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_canvass")).args(["amd", "--json"]).args(arguments).output().expect("canvass runs")
}

fn answers(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn check(times: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, .., samples) in corpus() {
        write(&folder.path().join(format!("{name}.wav")), &samples, times);
    }
    let output = amd(&[folder.path()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = answers(&output);
    assert_eq!(answers.len(), corpus().len());
    for (name, verdict, reason, _) in corpus() {
        let file = format!("/{name}.wav");
        let of_file = |answer: &&Value| answer["file"].as_str().is_some_and(|path| path.ends_with(&file));
        let answer = answers.iter().find(of_file).expect("an answer for each file");
        assert_eq!((answer["verdict"].as_str(), answer["reason"].as_str()), (Some(verdict), Some(reason)), "{answer}");
        if name == "voicemail" {
            assert!(answer["beep_ms"].as_u64().is_some_and(|ms| ms.abs_diff(7_000) <= 40), "{answer}");
        }
    }
}

#[test]
fn amd_files_of_8_khz() {
    check(1);
}

#[test]
fn amd_files_of_16_khz() {
    check(2);
}

#[test]
fn amd_bad_files_are_named_and_the_others_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    write(&at("good.wav"), &silence(4_000), 1);
    std::fs::write(at("text.wav"), "no audio at all").expect("written");
    let whole = std::fs::read(at("good.wav")).expect("read");
    std::fs::write(at("short.wav"), &whole[..whole.len() / 2]).expect("written");
    let cd = hound::WavSpec {
        channels: 1,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    hound::WavWriter::create(at("cd.wav"), cd).and_then(hound::WavWriter::finalize).expect("written");
    let output = amd(&[folder.path()]);
    assert!(!output.status.success());
    assert_eq!(answers(&output).len(), 1);
    let errors = String::from_utf8_lossy(&output.stderr);
    for name in ["text.wav", "short.wav", "cd.wav", "44100 Hz"] {
        assert!(errors.contains(name), "{name}: {errors}");
    }
    assert!(!amd(&[&at("none.wav")]).status.success());
}
