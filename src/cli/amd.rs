//! `canvass amd`: the answering-machine detector on WAV files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::audio::amd::{Detector, Look, Params, Verdict};
use crate::audio::beep::Beep;
use crate::audio::frame::{FRAME_MS, Framer, SAMPLE_RATE};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// WAV files, or folders of them: 16-bit PCM of 8, 16, 24, 32 or 48 kHz.
    #[arg(required = true, value_name = "DIR-OR-FILES")]
    paths: Vec<PathBuf>,
    /// One JSON object per file instead of a line.
    #[arg(long)]
    json: bool,
    /// What the decision is made of, at each moment of each pause, instead of
    /// the decision: what scripts/amd-train learns from.
    #[arg(long, hide = true, requires = "json")]
    pauses: bool,
}

/// Longer recordings are read to here: the verdict and the beep come before.
const LONGEST_SECONDS: u32 = 180;

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut files = BTreeSet::new();
    for path in &args.paths {
        find(path, &mut files).with_context(|| format!("cannot read {}", path.display()))?;
    }
    ensure!(!files.is_empty(), "no WAV files there");
    let mut failed = false;
    for file in &files {
        match classify(file, args.pauses) {
            Ok(heard) if args.pauses => println!("{}", looks(file, &heard)),
            Ok(Answered { verdict, beep, .. }) if args.json => println!("{}", object(file, verdict, beep)),
            Ok(Answered { verdict, beep, .. }) => {
                let beep = beep.map_or_else(String::new, |beep| {
                    format!(", beep {:.0} Hz from {} to {} ms", beep.hz, beep.start_ms, beep.end_ms)
                });
                let Verdict { answer, reason, at_ms } = verdict;
                println!("{}: {answer} ({reason}) after {at_ms} ms{beep}", file.display());
            }
            Err(error) => {
                failed = true;
                eprintln!("canvass: {}: {error:#}", file.display());
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A file as named, or all `.wav` files below a folder.
fn find(path: &Path, files: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    if !path.metadata()?.is_dir() {
        files.insert(path.to_owned());
        return Ok(());
    }
    for entry in path.read_dir()? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        let is_wav = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav"));
        if kind.is_dir() {
            find(&path, files)?;
        } else if is_wav {
            files.insert(path);
        }
    }
    Ok(())
}

fn object(file: &Path, verdict: Verdict, beep: Option<Beep>) -> Value {
    json!({
        "file": file,
        "verdict": verdict.answer.as_str(),
        "reason": verdict.reason.as_str(),
        "at_ms": verdict.at_ms,
        "beep_ms": beep.map(|beep| beep.start_ms),
        "beep_end_ms": beep.map(|beep| beep.end_ms),
        "beep_hz": beep.map(|beep| beep.hz.round()),
    })
}

/// What the decision would have been made of.
fn looks(file: &Path, heard: &Answered) -> Value {
    let pauses: Vec<Value> =
        heard.looks.iter().map(|(at_ms, look)| json!([at_ms, look.silence_ms, look.features])).collect();
    let Verdict { answer, reason, at_ms } = heard.verdict;
    json!({ "file": file, "verdict": answer.as_str(), "reason": reason.as_str(), "at_ms": at_ms, "pauses": pauses })
}

/// Settings with which only tones decide, so that all pauses are heard.
fn undecided() -> Params {
    Params {
        certainty: 100,
        after_greeting_silence: 60_000,
        greeting: 60_000,
        maximum_word_length: 60_000,
        maximum_number_of_words: u32::MAX,
        total_analysis_time: 9_000,
        ..Params::default()
    }
}

/// What was heard in a file.
struct Answered {
    verdict: Verdict,
    beep: Option<Beep>,
    /// With the time, in ms; none unless asked for.
    looks: Vec<(u32, Look)>,
}

/// Longer pauses say no more.
const LONGEST_LOOK_MS: u32 = 2_000;

fn classify(file: &Path, pauses: bool) -> anyhow::Result<Answered> {
    let mut reader = hound::WavReader::open(file).context("not a readable WAV file")?;
    let spec = reader.spec();
    ensure!(
        spec.bits_per_sample == 16 && spec.sample_format == hound::SampleFormat::Int,
        "not 16-bit PCM but {} bits",
        spec.bits_per_sample
    );
    ensure!(
        spec.sample_rate >= SAMPLE_RATE
            && spec.sample_rate <= 6 * SAMPLE_RATE
            && spec.sample_rate.is_multiple_of(SAMPLE_RATE),
        "{} Hz is no rate of 8, 16, 24, 32, 40 or 48 kHz",
        spec.sample_rate
    );
    // Mean of the channels and of the samples that make one at 8 kHz.
    let together = usize::from(spec.channels) * (spec.sample_rate / SAMPLE_RATE) as usize;
    ensure!(together > 0, "no channels");
    let mut detector = Detector::new(if pauses { undecided() } else { Params::default() })?;
    let (mut looks, mut now_ms) = (Vec::new(), 0);
    let mut framer = Framer::default();
    let (mut sum, mut count) = (0i64, 0usize);
    for sample in reader.samples::<i16>().take(together * (LONGEST_SECONDS * SAMPLE_RATE) as usize) {
        sum += i64::from(sample.context("the file is cut short or damaged")?);
        count += 1;
        if count == together {
            let mean = (sum / together as i64) as i16;
            framer.push(&[mean], |frame| {
                detector.push(frame);
                now_ms += FRAME_MS;
                if pauses && detector.verdict().is_none() {
                    looks.extend(
                        detector.look().filter(|look| look.silence_ms <= LONGEST_LOOK_MS).map(|look| (now_ms, look)),
                    );
                }
            });
            (sum, count) = (0, 0);
        }
    }
    Ok(Answered { verdict: detector.finish(), beep: detector.beep(), looks })
}
