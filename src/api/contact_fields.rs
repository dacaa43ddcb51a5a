//! What a client says about a saved contact, and what it is told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::campaign_fields::merge;
use super::dnc::DncEntry;
use super::extract::JsonRequest;
use super::problem::Fault;
use super::read;
use crate::call::Outcome;
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::contact::{ContactGroupId, NewContact};
use crate::number::PhoneNumber;
use crate::store::book::{ContactPlaces, SavedContact};

/// A saved contact.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SavedContactBody {
    /// Its id.
    #[schema(example = 4711)]
    id: i64,
    /// Whom to call; no two saved contacts have the same.
    phone_number: PhoneNumber,
    /// Full name.
    #[schema(example = "Jane Smith")]
    name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Company.
    company: Option<String>,
    /// Free text.
    notes: Option<String>,
    /// Time zone by its IANA name.
    #[schema(example = "America/New_York")]
    timezone: Option<String>,
    /// What is on record of the consent, as given.
    consent: Option<String>,
    /// Everything else, for `{{placeholders}}`.
    variables: BTreeMap<String, String>,
    /// Whether the number is on the do-not-call list.
    do_not_call: bool,
    /// When it was saved.
    created_at: Timestamp,
    /// When it last changed; its version.
    updated_at: Timestamp,
}

impl From<SavedContact> for SavedContactBody {
    fn from(saved: SavedContact) -> Self {
        let contact = saved.contact;
        Self {
            id: saved.id.0,
            phone_number: contact.number,
            name: contact.name,
            email: contact.email,
            company: contact.company,
            notes: contact.notes,
            timezone: contact.timezone,
            consent: contact.consent,
            variables: contact.variables,
            do_not_call: saved.do_not_call,
            created_at: saved.created_at,
            updated_at: saved.updated_at,
        }
    }
}

/// Everything that is known of a saved contact.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactDetails {
    /// The contact.
    contact: SavedContactBody,
    /// The groups it is in, by name.
    groups: Vec<GroupName>,
    /// The campaigns it is in, the newest first; 100 at most.
    campaigns: Vec<ContactCampaign>,
    /// The last call to it in any of them; none: it was never called.
    last_call: Option<ContactCall>,
    /// Its entry on the do-not-call list, if it is there.
    do_not_call_entry: Option<DncEntry>,
}

/// A group, briefly.
#[derive(Debug, Serialize, ToSchema)]
struct GroupName {
    /// Its id.
    id: ContactGroupId,
    /// What it is called.
    #[schema(example = "Newsletter subscribers")]
    name: String,
}

/// A campaign that a saved contact is in.
#[derive(Debug, Serialize, ToSchema)]
struct ContactCampaign {
    /// The campaign's id.
    campaign_id: CampaignId,
    /// What it is called.
    #[schema(example = "Q1 Sales Outreach")]
    name: String,
    /// Where the campaign is.
    campaign_status: CampaignStatus,
    /// The contact's id in that campaign.
    #[schema(example = 815)]
    contact_id: i64,
    /// Where the contact stands in it.
    status: TargetStatus,
}

/// The last call to a saved contact.
#[derive(Debug, Serialize, ToSchema)]
struct ContactCall {
    /// The call's id.
    id: Uuid,
    /// Its campaign.
    campaign_id: CampaignId,
    /// When it was placed.
    created_at: Timestamp,
    /// How it ended; none: it goes on.
    outcome: Option<Outcome>,
}

impl ContactDetails {
    pub(super) fn new(saved: SavedContact, places: ContactPlaces, do_not_call_entry: Option<DncEntry>) -> Self {
        let campaign = |target: crate::store::book::ContactTarget| ContactCampaign {
            campaign_id: target.campaign,
            name: target.name,
            campaign_status: target.campaign_status,
            contact_id: target.target.0,
            status: target.status,
        };
        Self {
            contact: saved.into(),
            groups: places.groups.into_iter().map(|(id, name)| GroupName { id, name }).collect(),
            campaigns: places.campaigns.into_iter().map(campaign).collect(),
            last_call: places.last_call.map(|last| ContactCall {
                id: last.call.0,
                campaign_id: last.campaign,
                created_at: last.created_at,
                outcome: last.outcome,
            }),
            do_not_call_entry,
        }
    }
}

/// Changes to a saved contact, as a JSON merge patch (RFC 7396): what is left
/// out stays, `null` takes out. Its number cannot change: save another contact.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContactChanges {
    /// Full name.
    #[schema(example = "Jane Smith")]
    name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Company.
    company: Option<String>,
    /// Free text.
    notes: Option<String>,
    /// Time zone by its IANA name.
    #[schema(example = "America/New_York")]
    timezone: Option<String>,
    /// What is on record of the consent.
    consent: Option<String>,
    /// Everything else, merged name by name: `null` takes one out.
    variables: BTreeMap<String, Option<String>>,
}

/// Such changes, before they are merged.
#[derive(Clone, Debug)]
pub(super) struct ContactPatch(Map<String, Value>);

impl JsonRequest for ContactPatch {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        match body {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(vec![Fault::new("", "the body must be an object")]),
        }
    }
}

impl ContactPatch {
    /// What becomes of a contact, or everything that is wrong with that.
    pub(super) fn apply(self, to: NewContact) -> Result<NewContact, Vec<Fault>> {
        let Self(mut patch) = self;
        let mut faults = Vec::new();
        if patch.remove("phone_number").is_some() {
            faults.push(Fault::new("phone_number", "cannot be changed: save a new contact, and remove this one"));
        }
        let before = ContactChanges {
            name: to.name,
            email: to.email,
            company: to.company,
            notes: to.notes,
            timezone: to.timezone,
            consent: to.consent,
            variables: to.variables.into_iter().map(|(name, value)| (name, Some(value))).collect(),
        };
        let Ok(Value::Object(mut merged)) = serde_json::to_value(before) else {
            return Err(vec![Fault::new("", "the contact cannot be shown")]);
        };
        merge(&mut merged, patch);
        let after = match read::json::<ContactChanges>(Value::Object(merged)) {
            Ok(after) => after,
            Err(wrong) => {
                faults.extend(wrong);
                return Err(faults);
            }
        };
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let timezone = some(after.timezone);
        if let Some(zone) = timezone.as_ref().filter(|zone| TimeZone::get(zone).is_err()) {
            let shown: String = zone.chars().take(40).collect();
            faults.push(Fault::new("timezone", format!("there is no time zone \"{shown}\"")));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(NewContact {
            number: to.number,
            name: some(after.name),
            email: some(after.email),
            company: some(after.company),
            notes: some(after.notes),
            timezone,
            consent: some(after.consent),
            variables: after.variables.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn contact() -> NewContact {
        let mut contact = NewContact::of(PhoneNumber::from_e164("+12127365000").expect("a number"));
        contact.name = Some("Ada".into());
        contact.notes = Some("by letter".into());
        contact.variables = [("deal", "a"), ("stage", "b")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        contact
    }

    fn apply(patch: Value) -> Result<NewContact, Vec<Fault>> {
        ContactPatch::read(patch).expect("an object").apply(contact())
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        let after =
            apply(json!({"name": "Ada L.", "notes": null, "email": "", "variables": {"deal": null, "city": "X"}}));
        let mut wanted = contact();
        wanted.name = Some("Ada L.".into());
        wanted.notes = None;
        wanted.variables = [("stage", "b"), ("city", "X")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(after.expect("read"), wanted);
        assert_eq!(apply(json!({})).expect("read"), contact());
        assert!(apply(json!({"variables": null})).expect("read").variables.is_empty());
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = apply(json!({"phone_number": "+12127365001", "timezone": "Mars"})).expect_err("faults");
        assert_eq!(wrong.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["phone_number", "timezone"]);
        let wrong = apply(json!({"nmae": "x", "email": 1, "variables": {"deal": 2}})).expect_err("faults");
        let mut fields: Vec<_> = wrong.iter().map(|fault| fault.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["email", "nmae", "variables.deal"]);
    }
}
