//! `canvass bench`: the figures of docs/benchmarks.md, measured.

use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;

use super::app::start_log;
use crate::config::Log;

mod amd;
mod calls;
mod claim;
mod decode;
mod import;
mod load;
mod memory;
mod rig;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which figure; all of them if none is named.
    #[arg(value_enum)]
    name: Option<Name>,
    /// One JSON object per figure instead of a line.
    #[arg(long)]
    json: bool,
    /// How often each is measured.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// A Postgres to measure on as well: an empty database that may be filled.
    #[arg(long, env = "CANVASS_BENCH_POSTGRES", hide_env_values = true, value_name = "URL")]
    postgres: Option<String>,
    /// The longest list of the claim figures, in contacts.
    #[arg(long, default_value_t = 10_000_000, value_name = "N")]
    contacts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Decoding one recorded FreeSWITCH event.
    Decode,
    /// Whole calls a second against the simulated FreeSWITCH.
    Calls,
    /// A claim of one target, by length of the list.
    Claim,
    /// Reading, checking and storing a list.
    Import,
    /// Memory per call in progress.
    Memory,
    /// Calls the answering-machine detector hears in real time on one core.
    Amd,
    /// From a freed slot to the next originate.
    Turnaround,
    /// What 200 requests a second of the API do to dialing.
    Load,
}

/// A measured figure.
#[derive(Clone, Debug)]
struct Figure {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
}

impl Figure {
    fn new(name: impl Into<String>, unit: &'static str, values: Vec<f64>) -> Self {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        Self { name: name.into(), unit, values }
    }

    fn median(&self) -> f64 {
        self.values.get(self.values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn show(&self, as_json: bool) {
        let (min, max) = (self.values.first().copied(), self.values.last().copied());
        let (min, max) = (min.unwrap_or(f64::NAN), max.unwrap_or(f64::NAN));
        if as_json {
            let object = json!({
                "name": self.name, "value": self.median(), "unit": self.unit,
                "runs": self.values.len(), "median": self.median(), "min": min, "max": max,
            });
            println!("{object}");
        } else {
            let runs = self.values.len();
            println!(
                "{:<34}{:>12} {:<10} {runs} runs, {} to {}",
                self.name,
                digits(self.median()),
                self.unit,
                digits(min),
                digits(max)
            );
        }
    }
}

/// Three significant digits.
fn digits(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The value below which so many per cent of the times lie, in seconds.
fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(at).map_or(f64::NAN, Duration::as_secs_f64)
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    start_log(&Log { level: "error".into(), ..Log::default() }, false)?;
    if cfg!(debug_assertions) {
        eprintln!("warning: this is a debug build; figures mean nothing without --release");
    }
    let wanted = |name| args.name.is_none_or(|only| only == name);
    let show = |figures: Vec<Figure>| figures.iter().for_each(|figure| figure.show(args.json));
    if wanted(Name::Decode) {
        show(decode::measure(args.runs)?);
    }
    if wanted(Name::Amd) {
        show(amd::measure(args.runs)?);
    }
    if wanted(Name::Calls) {
        show(calls::measure(args.runs, args.postgres.as_deref()).await?);
    }
    if wanted(Name::Turnaround) {
        show(calls::turnaround(args.runs).await?);
    }
    if wanted(Name::Load) {
        show(load::measure(args.runs, args.postgres.as_deref()).await?);
    }
    if wanted(Name::Memory) {
        show(memory::measure(args.runs).await?);
    }
    if wanted(Name::Import) {
        show(import::measure(args.runs, args.postgres.as_deref()).await?);
    }
    if wanted(Name::Claim) {
        show(claim::measure(args.contacts, args.postgres.as_deref()).await?);
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_medians() {
        let figure = Figure::new("x", "s", vec![3.0, 1.0, 2.0]);
        assert_eq!((figure.median(), figure.values), (2.0, vec![1.0, 2.0, 3.0]));
        assert_eq!((digits(1234.5), digits(12.34), digits(1.234)), ("1234".into(), "12.3".into(), "1.23".into()));
    }

    #[test]
    fn percentiles_of_few_and_of_none() {
        let mut times: Vec<_> = (1..=100).map(Duration::from_secs).collect();
        assert_eq!(percentile(&mut times, 99), 100.0);
        assert_eq!(percentile(&mut times, 50), 51.0);
        assert!(percentile(&mut [], 99).is_nan());
    }
}
