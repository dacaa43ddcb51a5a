//! What is known of a number, for people, for spreadsheets and for programs.

use clap::ValueEnum;

use crate::audit_export;
use crate::number::PhoneNumber;
use crate::store::Store;

/// How an audit is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For reading.
    Text,
    /// A row for each contact, decision and call.
    Csv,
    /// One object.
    Json,
}

pub(super) async fn show(store: &Store, number: PhoneNumber, format: Format) -> anyhow::Result<()> {
    let audit = store.audit_number(number).await?;
    match format {
        Format::Csv => audit_export::csv(&audit, std::io::stdout().lock())?,
        Format::Json => println!("{}", serde_json::to_string_pretty(&audit_export::json(&audit))?),
        Format::Text => {
            for row in audit_export::rows(&audit) {
                let words = [row.at.as_str(), row.what, row.verdict, &row.rule, &row.campaign, &row.detail];
                let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
                println!("{}", words.join("  "));
            }
            if audit.do_not_call.is_none() {
                println!("{number} is not on the do-not-call list.");
            }
            if audit.truncated {
                println!("There is more: only the newest decisions and calls are shown.");
            }
        }
    }
    Ok(())
}
