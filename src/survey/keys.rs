//! Which keys a campaign takes for itself.

use crate::campaign::Settings;

/// The keys that have a meaning at any time in a campaign's calls, each with
/// what it is: what [`Survey::check`](super::Survey::check) wants to know.
pub fn taken_keys(settings: &Settings) -> Vec<(char, &'static str)> {
    let opt_out = settings.opt_out_digit.map(|digit| (digit, "the opt-out key"));
    let transfer = settings.transfer.as_ref().map(|transfer| (transfer.digit, "the transfer key"));
    opt_out.into_iter().chain(transfer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_campaign() {
        assert_eq!(taken_keys(&Settings::default()), [('9', "the opt-out key")]);
        let json = r#"{"opt_out_digit": "", "transfer": {"digit": "0", "to": {"extension": "100"}}}"#;
        let settings = serde_json::from_str(json).expect("settings");
        assert_eq!(taken_keys(&settings), [('0', "the transfer key")]);
    }
}
