//! What happens now.
