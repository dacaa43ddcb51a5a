//! The `canvass` program: parse the command line, hand over to `cli`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // One TLS provider for everything, installed before anything connects.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("canvass: another TLS provider is already installed");
        return ExitCode::FAILURE;
    }
    canvass::cli::run(canvass::cli::Cli::parse())
}
