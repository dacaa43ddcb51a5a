//! The contacts of a campaign, one by one.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::{Allowed, ContactsRead, ContactsWrite};
use super::campaign_runs::seconds;
use super::campaign_upload::{not_now, takes_contacts};
use super::campaigns::{known, known_by, no_campaign};
use super::extract::{CampaignAt, ContactAt, JsonBody, JsonRequest, UrlQuery};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Problem, ProblemBody};
use super::{Api, contact_groups, read};
use crate::call::Outcome;
use crate::campaign::{Action, CampaignId, MOST_GROUPS, TargetAction, TargetStatus};
use crate::contact::{ContactGroupId, NewContact};
use crate::control;
use crate::number::PhoneNumber;
use crate::store::TargetId;
use crate::store::listing::{ContactsAdded as Adding, TargetChanged, TargetQuery, TargetRow, TargetSort};

/// Contacts in one request, at most.
pub(super) const MOST: usize = 1_000;

/// Which contacts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListContacts {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Only those in this state.
    #[param(inline)]
    status: Option<TargetStatus>,
    /// Only the one with this number, written in any way.
    phone_number: Option<String>,
    /// What they are sorted by; if not said: the order of upload.
    #[param(inline)]
    sort_by: Option<SortContacts>,
    /// Which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// What contacts are sorted by.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortContacts {
    /// The order of upload.
    #[default]
    Added,
    /// When they last changed.
    UpdatedAt,
    /// How often they were called.
    Attempts,
}

/// A contact of a campaign.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Contact {
    /// Its id in this campaign.
    #[schema(example = 4711)]
    id: i64,
    /// Whom to call.
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
    /// Time zone by its IANA name, as given.
    #[schema(example = "America/New_York")]
    timezone: Option<String>,
    /// What is on record of the consent, as given.
    consent: Option<String>,
    /// Every other column of the list, by its header.
    variables: BTreeMap<String, String>,
    /// Where it stands.
    status: TargetStatus,
    /// Attempts used, the one in progress included.
    #[schema(example = 1)]
    attempts: u32,
    /// When it is called next; none: it is settled, or in a call.
    next_attempt_at: Option<Timestamp>,
    /// How its last call ended.
    last_outcome: Option<Outcome>,
    /// Its last call.
    last_call_id: Option<Uuid>,
    /// Seconds its last call lasted, from answer to end.
    #[schema(example = 42.5)]
    call_duration_seconds: Option<f64>,
    /// What went wrong with its last call, where there is more to say than the
    /// outcome does.
    error_message: Option<String>,
    /// When it last changed.
    updated_at: Timestamp,
}

impl From<TargetRow> for Contact {
    fn from(row: TargetRow) -> Self {
        let contact = row.contact;
        Self {
            id: row.id.0,
            phone_number: contact.number,
            name: contact.name,
            email: contact.email,
            company: contact.company,
            notes: contact.notes,
            timezone: contact.timezone,
            consent: contact.consent,
            variables: contact.variables,
            status: row.status,
            attempts: row.attempts,
            next_attempt_at: row.due_at,
            last_outcome: row.last_outcome,
            last_call_id: row.last_call.map(|call| call.0),
            call_duration_seconds: seconds(row.answered_at, row.ended_at),
            error_message: row.detail,
            updated_at: row.updated_at,
        }
    }
}

/// A contact to add.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContactToAdd {
    /// Whom to call, written in any way; without a country code: of the
    /// organization's country.
    #[schema(required = true, value_type = String, example = "(555) 555-0100")]
    phone_number: Option<String>,
    /// Full name.
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
    /// Anything else, for `{{placeholders}}`.
    variables: BTreeMap<String, String>,
}

/// Contacts to add.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AddContacts {
    /// They: up to 1,000, dialed in this order.
    #[schema(max_items = 1000)]
    contacts: Vec<ContactToAdd>,
    /// Groups of saved contacts whose members become contacts of the campaign
    /// now, after those above, in the order they joined: up to 50. Who joins a
    /// group later is not among them; the campaign's own `contact_group_ids`
    /// are taken in when it is launched.
    #[schema(max_items = 50)]
    contact_group_ids: Vec<ContactGroupId>,
}

impl JsonRequest for AddContacts {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let mut faults = Vec::new();
        match (request.contacts.len(), request.contact_group_ids.len()) {
            (0, 0) => faults.push(Fault::new("contacts", "is empty: send at least one, or contact_group_ids")),
            (many, _) if many > MOST => faults.push(Fault::new("contacts", format!("has {many}, may have {MOST}"))),
            (_, many) if many > MOST_GROUPS => {
                faults.push(Fault::new("contact_group_ids", format!("has {many}, may have {MOST_GROUPS}")));
            }
            _ => {}
        }
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

impl ContactToAdd {
    pub(super) fn read(self, at: usize, api: &Api, faults: &mut Vec<Fault>) -> Option<NewContact> {
        let field = |name: &str| format!("contacts[{at}].{name}");
        let zone = self.timezone.filter(|zone| !zone.is_empty());
        if let Some(zone) = zone.as_ref().filter(|zone| TimeZone::get(zone).is_err()) {
            faults.push(Fault::new(field("timezone"), format!("there is no time zone \"{}\"", shown(zone))));
        }
        let Some(written) = self.phone_number else {
            faults.push(Fault::new(field("phone_number"), "is missing"));
            return None;
        };
        let number = match PhoneNumber::parse(&written, api.rules()) {
            Ok(number) => number,
            Err(error) => {
                faults.push(Fault::new(field("phone_number"), error.to_string()));
                return None;
            }
        };
        Some(NewContact {
            number,
            name: self.name,
            email: self.email,
            company: self.company,
            notes: self.notes,
            timezone: zone,
            consent: self.consent,
            variables: self.variables,
        })
    }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// What came of adding contacts.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct ContactsAdded {
    /// New contacts.
    #[schema(example = 2)]
    accepted: u64,
    /// Numbers the campaign already had, or that stood earlier in the request.
    #[schema(example = 1)]
    duplicates: u64,
    /// Those of `contacts`, by their place in the request, from 0.
    duplicate_positions: Vec<usize>,
    /// Numbers, new or not, that are on the do-not-call list: nobody there is
    /// called.
    #[schema(example = 0)]
    do_not_call: u64,
}

/// A campaign's contacts
///
/// A page at a time, each with its status, attempts and last call.
#[utoipa::path(get, path = "/api/campaigns/{id}/contacts", tag = "contacts",
    params(("id" = CampaignId, Path, description = "The campaign's id"), ListContacts),
    responses((status = 200, description = "A page of contacts", body = Paged<Contact>)))]
pub(super) async fn list(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    UrlQuery(asked): UrlQuery<ListContacts>,
) -> Answer<Json<Paged<Contact>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    let number = asked.phone_number.map(|text| PhoneNumber::parse(&text, api.rules())).transpose();
    let query = TargetQuery {
        statuses: asked.status.into_iter().collect(),
        number: number.map_err(|error| Problem::field("phone_number", error.to_string()))?,
        sort: match asked.sort_by.unwrap_or_default() {
            SortContacts::Added => TargetSort::Added,
            SortContacts::UpdatedAt => TargetSort::UpdatedAt,
            SortContacts::Attempts => TargetSort::Attempts,
        },
        descending: asked.sort_order.unwrap_or_default() == SortOrder::Desc,
    };
    let listed = api.store.target_page(id, &query, wanted.page()).await?;
    known_by(&api, id, listed.total).await?;
    Ok(Json(wanted.of(listed, Contact::from)))
}

/// Add contacts by hand, or groups of saved ones
///
/// To a draft or a paused campaign. All or none: a wrong number is named by its
/// place and nothing is added. Members of groups are added in steps: a campaign
/// that is launched meanwhile has a part of them, and the answer is 409; doing
/// it again adds the rest. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/campaigns/{id}/contacts", tag = "contacts", request_body = AddContacts,
    params(("id" = CampaignId, Path, description = "The campaign's id")),
    responses(
        (status = 201, description = "What came of it", body = ContactsAdded),
        (status = 409, description = "The campaign is neither a draft nor paused", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn add(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    JsonBody(request): JsonBody<AddContacts>,
) -> Answer<(StatusCode, Json<ContactsAdded>)> {
    takes_contacts(known(&api, id).await?.campaign.status)?;
    let mut faults = Vec::new();
    let contacts = request.contacts.into_iter().enumerate();
    let contacts: Vec<_> = contacts.filter_map(|(at, contact)| contact.read(at, &api, &mut faults)).collect();
    if !faults.is_empty() {
        return Err(Problem::fields(faults));
    }
    contact_groups::check(&api, "contact_group_ids", &request.contact_group_ids).await?;
    let numbers: Vec<_> = contacts.iter().map(|contact| contact.number).collect();
    let mut body = ContactsAdded { do_not_call: api.store.count_do_not_call(&numbers).await?, ..Default::default() };
    if !contacts.is_empty() {
        let added = match api.store.add_contacts(id, &contacts, api.now()).await? {
            Adding::Yes(added) => added,
            Adding::Conflict(status) => return Err(not_now(status)),
            Adding::NotFound => return Err(no_campaign(id)),
        };
        body.accepted = added.added;
        body.duplicates = added.duplicates.len() as u64;
        body.duplicate_positions = added.duplicates;
    }
    for group in request.contact_group_ids {
        let added = control::dial_group(&api.store, id, group, Action::Edit, api.now()).await?;
        body.accepted += added.added;
        body.duplicates += added.duplicates;
        body.do_not_call += added.do_not_call;
    }
    Ok((StatusCode::CREATED, Json(body)))
}

/// One contact of a campaign
#[utoipa::path(get, path = "/api/campaigns/{id}/contacts/{contact_id}", tag = "contacts",
    params(("id" = CampaignId, Path, description = "The campaign's id"),
        ("contact_id" = i64, Path, description = "The contact's id in this campaign")),
    responses((status = 200, description = "The contact", body = Contact)))]
pub(super) async fn show(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    ContactAt(campaign, contact): ContactAt,
) -> Answer<Json<Contact>> {
    shown_contact(&api, campaign, contact).await
}

/// Call a contact again
///
/// One who failed, did not answer, was busy, had a machine answer or was
/// skipped: it is due now. Not in a campaign that is over.
#[utoipa::path(post, path = "/api/campaigns/{id}/contacts/{contact_id}/retry", tag = "contacts",
    params(("id" = CampaignId, Path, description = "The campaign's id"),
        ("contact_id" = i64, Path, description = "The contact's id in this campaign")),
    responses(
        (status = 200, description = "The contact, due now", body = Contact),
        (status = 409, description = "Its state does not allow it", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn retry(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    ContactAt(campaign, contact): ContactAt,
) -> Answer<Json<Contact>> {
    change(&api, campaign, contact, TargetAction::Retry).await?;
    api.changed();
    shown_contact(&api, campaign, contact).await
}

/// Skip a contact
///
/// One who waits for a call is called no more.
#[utoipa::path(post, path = "/api/campaigns/{id}/contacts/{contact_id}/skip", tag = "contacts",
    params(("id" = CampaignId, Path, description = "The campaign's id"),
        ("contact_id" = i64, Path, description = "The contact's id in this campaign")),
    responses(
        (status = 200, description = "The contact, skipped", body = Contact),
        (status = 409, description = "It waits for no call", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn skip(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    ContactAt(campaign, contact): ContactAt,
) -> Answer<Json<Contact>> {
    change(&api, campaign, contact, TargetAction::Skip).await?;
    api.changed();
    shown_contact(&api, campaign, contact).await
}

/// Remove a contact
///
/// One who was never called. Whoever was called stays on record: skip them.
#[utoipa::path(delete, path = "/api/campaigns/{id}/contacts/{contact_id}", tag = "contacts",
    params(("id" = CampaignId, Path, description = "The campaign's id"),
        ("contact_id" = i64, Path, description = "The contact's id in this campaign")),
    responses(
        (status = 204, description = "It is gone from the campaign"),
        (status = 409, description = "It was called, or is being called", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    ContactAt(campaign, contact): ContactAt,
) -> Answer<StatusCode> {
    change(&api, campaign, contact, TargetAction::Remove).await?;
    api.changed();
    Ok(StatusCode::NO_CONTENT)
}

async fn change(api: &Api, campaign: CampaignId, contact: TargetId, action: TargetAction) -> Answer<()> {
    match api.store.change_target(campaign, contact, action, api.now()).await? {
        TargetChanged::Yes => Ok(()),
        TargetChanged::Refused { action, refusal, allowed } => {
            Err(Problem::conflict(format!("cannot {action} this contact: {refusal}"), allowed))
        }
        TargetChanged::NotFound => Err(no_contact(api, campaign, contact).await?),
    }
}

async fn shown_contact(api: &Api, campaign: CampaignId, contact: TargetId) -> Answer<Json<Contact>> {
    match api.store.target(campaign, contact).await? {
        Some(row) => Ok(Json(row.into())),
        None => Err(no_contact(api, campaign, contact).await?),
    }
}

/// What of the two is not there.
async fn no_contact(api: &Api, campaign: CampaignId, contact: TargetId) -> Answer<Problem> {
    Ok(match api.store.campaign(campaign).await? {
        None => no_campaign(campaign),
        Some(_) => Problem::not_found(format_args!("contact {} in campaign {campaign}", contact.0)),
    })
}
