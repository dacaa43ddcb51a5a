//! The media library: sounds by name, kept as both switches play them.

mod reference;

pub use reference::{MediaId, Reference};
