//! One call, to try a switch, a trunk, a caller ID or a prompt.

use std::sync::Arc;

use jiff::Timestamp;

use super::{ControlError, Launch, launch};
use crate::campaign::{CampaignId, Settings};
use crate::compliance::{Facts, Force, Organization, Rule, Rules, Target, decide, forbidding, whereabouts};
use crate::contact::NewContact;
use crate::media::Sounds;
use crate::number::PhoneNumber;
use crate::store::Store;
use crate::store::listing::Draft;

/// A call to be placed at once.
#[derive(Clone, Debug)]
pub struct TestCall {
    /// What its campaign is called.
    pub name: String,
    /// Whom to call.
    pub number: PhoneNumber,
    /// What they see and hear, and where the call goes.
    pub settings: Settings,
    /// It is to be placed although rules forbid it.
    pub forced: Option<Wish>,
}

/// Longest text to be spoken in a test call, in characters.
pub const LONGEST_TEXT: usize = 1_000;
/// Longest reason for a forced call, in characters.
pub const LONGEST_REASON: usize = 500;

/// Words somebody wrote, without the space around them; none: there are none,
/// or more characters than `most`.
pub fn words(text: &str, most: usize) -> Option<&str> {
    let text = text.trim();
    (1..=most).contains(&text.chars().count()).then_some(text)
}

impl TestCall {
    /// What its campaign is called: not by the number, which is a person's.
    pub fn name_of(switch: &str, now: Timestamp) -> String {
        format!("Test call by {switch} at {now:.0}")
    }
}

/// Somebody's wish that a call be placed whatever the rules say. Whether they
/// may wish it is not looked at here.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who, as the audit log names them.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// A test call that is on its way.
#[derive(Clone, Debug)]
pub struct TestCallPlaced {
    /// The campaign made for it, of one contact.
    pub campaign: CampaignId,
    /// What is doubtful about it.
    pub warnings: Vec<String>,
    /// The rules that forbid it and are overridden.
    pub overridden: Vec<Rule>,
}

/// Why a call may not be made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// The number.
    pub number: PhoneNumber,
    /// Every rule that forbids it, in the order in which they are asked; not
    /// empty.
    pub rules: Vec<Rule>,
    /// From then on it may be made, as far as is known now; none: never.
    pub until: Option<Timestamp>,
}

impl Forbidden {
    /// Whether an administrator may have it made all the same.
    pub fn may_be_forced(&self) -> bool {
        self.rules.iter().all(|rule| rule.may_be_forced())
    }
}

impl std::fmt::Display for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rules: Vec<_> = self.rules.iter().map(|rule| rule.as_str()).collect();
        write!(f, "{} may not be called now: {}", self.number, rules.join(", "))?;
        self.until.map_or(Ok(()), |until| write!(f, "; it may be from {until:.0} on"))
    }
}

/// Places a test call: a campaign of one contact, which goes the way of any
/// other. What forbids a call forbids this one
/// ([`ControlError::Forbidden`]), unless it is forced; and nothing is left of
/// one that is refused. A test call is made once, whatever comes of it.
pub async fn test_call(
    store: &Store,
    sounds: &Sounds,
    organization: &Arc<Organization>,
    call: TestCall,
    now: Timestamp,
) -> Result<TestCallPlaced, ControlError> {
    let settings = Settings { retry_attempts: 0, ..call.settings };
    let overridden = asked(store, organization, &settings, call.number, call.forced.is_some(), now).await?;
    let draft = Draft { id: CampaignId::new(), name: call.name, settings, scheduled_at: None };
    store.add_draft(&draft, now).await?;
    let launched = async {
        store.add_targets(draft.id, &[NewContact::of(call.number)], now).await?;
        if let Some(Wish { by, reason }) = call.forced {
            store.force_call(draft.id, &Force::new(call.number, by, reason, now)).await?;
        }
        // Its hours were looked at above.
        let how = Launch { usable_switches: Some(1), ..Launch::default() };
        launch(store, sounds, draft.id, &how, now).await
    };
    match Box::pin(launched).await {
        Ok(report) => Ok(TestCallPlaced { campaign: draft.id, warnings: report.warnings, overridden }),
        Err(error) => {
            // Nobody needs a campaign that was never to be.
            if let Err(error) = store.delete_campaign(draft.id, now).await {
                tracing::warn!(%error, campaign = %draft.id, "the campaign of a refused test call stays");
            }
            Err(error)
        }
    }
}

/// Asks the gate beforehand, so that whoever asked hears why: the gate itself
/// is asked again when the call is claimed. Gives the rules that yield.
async fn asked(
    store: &Store,
    organization: &Arc<Organization>,
    settings: &Settings,
    number: PhoneNumber,
    forced: bool,
    now: Timestamp,
) -> Result<Vec<Rule>, ControlError> {
    let rules = Rules::new(organization.clone(), settings);
    let do_not_call = store.do_not_call(number).await?.is_some();
    let history = store.past_calls(number, rules.looks_back_to(now)).await?;
    let facts = Facts { do_not_call, history: &history };
    let target = Target { number, timezone: None, consent: None };
    let at = whereabouts(&target, &rules);
    let against = forbidding(&target, &at, &facts, &rules, now);
    let decision = decide(&target, &at, &facts, &rules, now);
    let forbidden = Forbidden { number, rules: against, until: decision.until() };
    if forbidden.rules.is_empty() || (forced && forbidden.may_be_forced()) {
        Ok(forbidden.rules)
    } else {
        Err(ControlError::Forbidden(forbidden))
    }
}
