//! The media library: sounds by name, kept as both switches play them.
//!
//! The database knows the names; the files lie in `media.folder`, named by
//! their content ([`relative_path`]).

mod files;
mod library;
mod reference;

pub use files::relative_path;
pub use library::{Added, Library, MediaError};
pub use reference::{MediaId, Reference};
