//! `canvass media`: the media library.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::json;

use super::app::{self, App};
use crate::contact::placeholders;
use crate::media::{Library, relative_path};
use crate::store::Media;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a sound: WAV, MP3, Ogg Vorbis or FLAC.
    Add {
        /// The file.
        file: PathBuf,
        /// What campaigns call it; without it the file's name without extension.
        #[arg(long)]
        name: Option<String>,
    },
    /// Have a text spoken and add it as a sound.
    Say {
        /// The text. A placeholder gives its default, as in
        /// "Hello {{name|there}}"; campaigns speak to each contact with
        /// prompts = ["say:Hello {{name|there}}"].
        text: String,
        /// What campaigns call it.
        #[arg(long)]
        name: String,
    },
    /// List the sounds.
    List,
    /// Show one sound, with its outline and the files a switch plays.
    Show {
        /// Its name or id.
        #[arg(value_name = "NAME")]
        reference: String,
    },
    /// Give a sound another name, unless a campaign that is not over, or a
    /// survey, plays it by the one it has.
    Rename {
        /// Its name or id.
        #[arg(value_name = "NAME")]
        reference: String,
        /// What campaigns shall call it.
        #[arg(value_name = "NEW")]
        name: String,
    },
    /// Remove a sound, unless a campaign that is not over plays it.
    Remove {
        /// Its name or id.
        #[arg(value_name = "NAME")]
        reference: String,
    },
}

pub(super) async fn run(file: Option<PathBuf>, command: Command) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), true).await?;
    let folder = app.config.media_folder();
    let library = Library::new(app.store.clone(), folder.local.clone(), app.config.media_limits());
    match command {
        Command::Add { file, name } => {
            let added = library.add_file(&file, name.as_deref(), app.clock.now()).await;
            let added = added.map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
            let media = added.media;
            app.note("media.create", media.id, json!({ "name": media.name })).await?;
            println!("\"{}\" is in the library: {}, {:+.1} dB.", media.name, length(&media), added.gain_db);
        }
        Command::Say { text, name } => {
            let sounds = app.config.sounds()?;
            let media = library.add_text(&sounds, &text, &name, app.clock.now()).await?.media;
            app.note("media.create", media.id, json!({ "name": media.name })).await?;
            println!("\"{}\" is in the library: {}.", media.name, length(&media));
            let open = placeholders(&text);
            if !open.is_empty() {
                eprintln!(
                    "note: {} had no value here; to speak to each contact, write the text into the campaign: \
                     prompts = [\"say:…\"]",
                    open.join(", ")
                );
            }
        }
        Command::List => println!("{}", table(&app.store.media_list().await?)),
        Command::Show { reference } => show(&app, &reference).await?,
        Command::Rename { reference, name } => {
            let media = library.rename(&reference, &name, None, app.clock.now()).await?;
            app.note("media.edit", media.id, json!({ "name": media.name })).await?;
            println!("\"{reference}\" is called \"{}\" now.", media.name);
        }
        Command::Remove { reference } => {
            let media = library.remove(&reference).await?;
            app.note("media.delete", media.id, json!({ "name": media.name })).await?;
            println!("\"{}\" is no longer in the library.", media.name);
        }
    }
    app.store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn table(sounds: &[Media]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["name", "length", "size", "made of", "added", "id"]);
    for media in sounds {
        table.add_row([
            media.name.clone(),
            length(media),
            size(media),
            media.original_name.clone(),
            media.created_at.strftime("%F %H:%M").to_string(),
            media.id.to_string(),
        ]);
    }
    table
}

async fn show(app: &App, reference: &str) -> anyhow::Result<()> {
    let Some(media) = app.store.media(reference).await? else {
        anyhow::bail!("there is no sound \"{reference}\" in the media library");
    };
    let folder = app.config.media_folder();
    let path = relative_path(&media.sha256);
    let there = if folder.local(&path).is_file() { "" } else { "  (MISSING: add the sound again)" };
    println!("Name              {}", media.name);
    println!("Id                {}", media.id);
    println!("Length            {}", length(&media));
    println!("Size              {}", size(&media));
    println!("Made of           {}", media.original_name);
    println!("Added             {}", media.created_at);
    println!("File              {}{there}", folder.local(&path).display());
    println!("On the switch     {}", folder.on_switch(&path));
    println!("Outline           {}", outline(&media.waveform));
    Ok(())
}

fn length(media: &Media) -> String {
    format!("{:.1} s", media.duration_ms as f64 / 1_000.0)
}

fn size(media: &Media) -> String {
    format!("{} kB", media.bytes.div_ceil(1_000))
}

/// The outline in 50 columns of eight heights. A prompt's peaks are well below
/// full scale: the loudest one fills the line.
fn outline(waveform: &[u8]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let loudest = usize::from(waveform.iter().copied().max().unwrap_or(0).max(1));
    waveform
        .chunks(waveform.len().div_ceil(50).max(1))
        .map(|part| BARS[usize::from(part.iter().copied().max().unwrap_or(0)) * (BARS.len() - 1) / loudest])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_fits_the_line() {
        let rising: Vec<u8> = (0..200_u8).map(|n| n / 4).collect();
        let drawn = outline(&rising);
        assert_eq!(drawn.chars().count(), 50);
        assert!(drawn.starts_with('▁') && drawn.ends_with('█'), "{drawn}");
        assert_eq!(outline(&[]), "");
        assert_eq!(outline(&[0; 200]), "▁".repeat(50));
        assert_eq!(outline(&[255; 3]), "███");
    }
}
