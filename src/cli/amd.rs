//! `canvass amd`: the answering-machine detector on WAV files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::audio::amd::{Detector, Params, Verdict};
use crate::audio::beep::Beep;
use crate::audio::frame::{Framer, SAMPLE_RATE};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// WAV files, or folders of them: 16-bit PCM of 8, 16, 24, 32 or 48 kHz.
    #[arg(required = true, value_name = "DIR-OR-FILES")]
    paths: Vec<PathBuf>,
    /// One JSON object per file instead of a line.
    #[arg(long)]
    json: bool,
    /// Decides nothing of person or machine, and writes what is heard of each
    /// frame to this file: what scripts/amd-train learns from.
    #[arg(long, hide = true, requires = "json", value_name = "FILE")]
    features: Option<PathBuf>,
}

/// Longer recordings are read to here: the verdict and the beep come before.
const LONGEST_SECONDS: u32 = 180;

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut files = BTreeSet::new();
    for path in &args.paths {
        find(path, &mut files).with_context(|| format!("cannot read {}", path.display()))?;
    }
    ensure!(!files.is_empty(), "no WAV files there");
    let mut features = match &args.features {
        Some(path) => {
            Some(BufWriter::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?))
        }
        None => None,
    };
    let mut failed = false;
    for file in &files {
        match classify(file, features.as_mut()) {
            Ok(heard) if args.json => {
                let mut answer = object(file, &heard);
                if args.features.is_some() {
                    answer["frames"] = heard.frames.into();
                }
                println!("{answer}");
            }
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
    if let Some(mut features) = features {
        features.flush()?;
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

fn object(file: &Path, heard: &Answered) -> Value {
    let Answered { verdict, beep, .. } = heard;
    json!({
        "file": file,
        "verdict": verdict.answer.as_str(),
        "reason": verdict.reason.as_str(),
        "at_ms": verdict.at_ms,
        "beep_ms": beep.as_ref().map(|beep| beep.start_ms),
        "beep_end_ms": beep.as_ref().map(|beep| beep.end_ms),
        "beep_hz": beep.as_ref().map(|beep| beep.hz.round()),
    })
}

/// Settings with which only tones decide, so that all of the greeting is heard.
fn undecided() -> Params {
    Params {
        certainty: 100,
        after_greeting_silence: 60_000,
        greeting: 60_000,
        maximum_word_length: 60_000,
        maximum_number_of_words: u32::MAX,
        total_analysis_time: 8_000,
        ..Params::default()
    }
}

/// What was heard in a file.
struct Answered {
    verdict: Verdict,
    beep: Option<Beep>,
    /// Until the verdict.
    frames: u32,
}

fn classify(file: &Path, mut features: Option<&mut BufWriter<File>>) -> anyhow::Result<Answered> {
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
    let mut detector = Detector::new(if features.is_some() { undecided() } else { Params::default() })?;
    let (mut frames, mut written) = (0, Ok(()));
    let mut framer = Framer::default();
    let (mut sum, mut count) = (0i64, 0usize);
    for sample in reader.samples::<i16>().take(together * (LONGEST_SECONDS * SAMPLE_RATE) as usize) {
        sum += i64::from(sample.context("the file is cut short or damaged")?);
        count += 1;
        if count == together {
            let mean = (sum / together as i64) as i16;
            framer.push(&[mean], |frame| {
                detector.push(frame);
                if detector.verdict().is_some() || written.is_err() {
                    return;
                }
                frames += 1;
                if let Some(file) = features.as_mut() {
                    written = detector.features().iter().try_for_each(|number| file.write_all(&number.to_le_bytes()));
                }
            });
            (sum, count) = (0, 0);
        }
    }
    written.context("cannot write the features")?;
    Ok(Answered { verdict: detector.finish(), beep: detector.beep(), frames })
}
