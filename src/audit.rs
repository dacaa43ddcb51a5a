//! Who did what.
