//! Families of metrics, as the format wants them.

use std::fmt;
use std::hash::Hash;

use prometheus_client::encoding::{
    CounterValueEncoder, DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, EncodeMetric,
    GaugeValueEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Unit;

use crate::histogram::Counted;

/// Names and values that tell the samples of a family apart.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// The units there are, by how names end.
const UNITS: [(&str, &Unit); 2] = [("_seconds", &Unit::Seconds), ("_bytes", &Unit::Bytes)];

/// The value of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Something that is counted.
    Whole(u64),
    /// Something that is measured.
    Real(f64),
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Whole(value.into())
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Whole(value as u64)
    }
}

/// Yes is 1.
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Whole(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl EncodeGaugeValue for Value {
    fn encode(&self, encoder: &mut GaugeValueEncoder<'_>) -> fmt::Result {
        match *self {
            Self::Whole(value) => EncodeGaugeValue::encode(&value, encoder),
            Self::Real(value) => EncodeGaugeValue::encode(&value, encoder),
        }
    }
}

impl EncodeCounterValue for Value {
    fn encode(&self, encoder: &mut CounterValueEncoder<'_>) -> fmt::Result {
        match *self {
            Self::Whole(value) => EncodeCounterValue::encode(&value, encoder),
            Self::Real(value) => EncodeCounterValue::encode(&value, encoder),
        }
    }
}

/// What is written at one scrape. Names are written here as they are asked for
/// in Prometheus: `_total` of counters and the unit included.
pub(super) struct Page<'a>(DescriptorEncoder<'a>);

/// Writes the samples of a family.
pub(super) struct Samples<'a>(MetricEncoder<'a>);

impl<'a> Page<'a> {
    pub(super) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// Begins a family of gauges.
    pub(super) fn gauges(&mut self, name: &'static str, help: &str) -> Result<Samples<'_>, fmt::Error> {
        self.family(name, help, MetricType::Gauge)
    }

    /// Begins a family of counters; its name ends with `_total`.
    pub(super) fn counters(&mut self, name: &'static str, help: &str) -> Result<Samples<'_>, fmt::Error> {
        self.family(name.strip_suffix("_total").unwrap_or(name), help, MetricType::Counter)
    }

    /// Begins a family of histograms.
    pub(super) fn histograms(&mut self, name: &'static str, help: &str) -> Result<Samples<'_>, fmt::Error> {
        self.family(name, help, MetricType::Histogram)
    }

    /// Begins a family of what does not change; its name ends with `_info`.
    pub(super) fn infos(&mut self, name: &'static str, help: &str) -> Result<Samples<'_>, fmt::Error> {
        self.family(name.strip_suffix("_info").unwrap_or(name), help, MetricType::Info)
    }

    /// A family of one gauge, without a sample if there is no value.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str, value: Option<impl Into<Value>>) -> fmt::Result {
        let mut samples = self.gauges(name, help)?;
        value.map_or(Ok(()), |value| samples.gauge(&[], value))
    }

    /// A family of one counter, likewise.
    pub(super) fn counter(&mut self, name: &'static str, help: &str, value: Option<impl Into<Value>>) -> fmt::Result {
        let mut samples = self.counters(name, help)?;
        value.map_or(Ok(()), |value| samples.counter(&[], value))
    }

    /// A family of one histogram, likewise.
    pub(super) fn histogram(&mut self, name: &'static str, help: &str, counted: Option<Counted>) -> fmt::Result {
        let mut samples = self.histograms(name, help)?;
        counted.map_or(Ok(()), |counted| samples.histogram(&[], &counted))
    }

    /// A family of counters that come and go with their labels.
    pub(super) fn counter_family<S>(
        &mut self,
        name: &'static str,
        help: &str,
        counters: &Family<S, Counter>,
    ) -> fmt::Result
    where
        S: EncodeLabelSet + Clone + Hash + Eq,
    {
        counters.encode(self.counters(name, help)?.0)
    }

    /// The encoder adds the unit to the name.
    fn family(&mut self, name: &'static str, help: &str, kind: MetricType) -> Result<Samples<'_>, fmt::Error> {
        for (suffix, unit) in UNITS {
            if let Some(base) = name.strip_suffix(suffix) {
                return Ok(Samples(self.0.encode_descriptor(base, help, Some(unit), kind)?));
            }
        }
        Ok(Samples(self.0.encode_descriptor(name, help, None, kind)?))
    }
}

impl Samples<'_> {
    pub(super) fn gauge(&mut self, labels: Labels<'_>, value: impl Into<Value>) -> fmt::Result {
        let value = value.into();
        self.with(labels, |encoder| encoder.encode_gauge(&value))
    }

    pub(super) fn counter(&mut self, labels: Labels<'_>, value: impl Into<Value>) -> fmt::Result {
        let value = value.into();
        self.with(labels, |encoder| encoder.encode_counter::<NoLabelSet, _, f64>(&value, None))
    }

    pub(super) fn histogram(&mut self, labels: Labels<'_>, counted: &Counted) -> fmt::Result {
        self.with(labels, |encoder| {
            encoder.encode_histogram::<NoLabelSet>(counted.sum, counted.count(), &counted.buckets, None)
        })
    }

    pub(super) fn info(&mut self, labels: Labels<'_>) -> fmt::Result {
        self.0.encode_info(&labels)
    }

    fn with(&mut self, labels: Labels<'_>, write: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result) -> fmt::Result {
        // An empty set would be written as braces with nothing in them.
        if labels.is_empty() { write(&mut self.0) } else { write(&mut self.0.encode_family(&labels)?) }
    }
}
