//! The `canvass` program: parse the command line, hand over to `cli`.

use std::process::ExitCode;

use clap::Parser;

/// What Linux usually gives a program.
const STACK: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    // On a stack of our own: FreeSWITCH, whose dialplan runs `canvass dnc add`,
    // leaves the programs it starts 240 KiB, which is not enough.
    let done = std::thread::Builder::new().name("canvass".into()).stack_size(STACK).spawn(run);
    match done.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // It has told why. No command says anything by this status.
        Ok(Err(_panic)) => ExitCode::from(101),
        Err(error) => {
            eprintln!("canvass: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> ExitCode {
    // One TLS provider for everything, installed before anything connects.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("canvass: another TLS provider is already installed");
        return ExitCode::FAILURE;
    }
    canvass::cli::run(canvass::cli::Cli::parse())
}
