//! The address book: saved contacts.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, ContactsRead, ContactsWrite};
use super::campaign_contacts::{ContactToAdd, MOST};
use super::contact_fields::{ContactChanges, ContactDetails, ContactPatch, SavedContactBody};
use super::extract::{IfMatch, JsonBody, JsonRequest, SavedAt, UrlQuery, etag};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::{Api, contact_groups, read};
use crate::contact::ContactGroupId;
use crate::number::PhoneNumber;
use crate::store::book::{
    BookEdited, ContactEdit, ContactId, ContactQuery, ContactRemoved, ContactSearch, ContactSort, SavedContact,
};

/// Which saved contacts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListSaved {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Only those whose number begins with these digits, country code first:
    /// `1555`; a whole number may be written in any way.
    #[param(example = "1555")]
    phone_number: Option<String>,
    /// Only those whose name begins like this, whatever the case.
    #[param(example = "jane")]
    name: Option<String>,
    /// Only those whose e-mail address begins like this, whatever the case.
    #[param(example = "jane@")]
    email: Option<String>,
    /// Only the members of this group.
    contact_group_id: Option<ContactGroupId>,
    /// What they are sorted by: if not said, what is searched by, or else the
    /// order they were saved in or joined the group. In a group there are only
    /// `added` and `phone_number`; what is found by a search is in order of
    /// that.
    #[param(inline)]
    sort_by: Option<SortSaved>,
    /// Which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// What saved contacts are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortSaved {
    /// The order they were saved in, or joined the group.
    Added,
    /// Number.
    PhoneNumber,
    /// Name.
    Name,
    /// E-mail address.
    Email,
}

impl ListSaved {
    /// What is asked of the store: an index for each of its answers.
    fn query(&self, api: &Api) -> Answer<ContactQuery> {
        let mut faults = Vec::new();
        let mut searches = Vec::new();
        if let Some(text) = &self.phone_number {
            match digits(text, api) {
                Some(digits) => searches.push((SortSaved::PhoneNumber, ContactSearch::Number(digits))),
                None => faults.push(Fault::new("phone_number", "must be digits, country code first: 1555")),
            }
        }
        let texts = [
            ("name", &self.name, SortSaved::Name, ContactSearch::Name as fn(String) -> ContactSearch),
            ("email", &self.email, SortSaved::Email, ContactSearch::Email),
        ];
        for (field, text, sort, search) in texts {
            if let Some(text) = text {
                searches.push((sort, search(text.clone())));
                if self.phone_number.is_some() || field == "email" && self.name.is_some() {
                    faults.push(Fault::new(field, "search by one of phone_number, name and email at a time"));
                }
            }
        }
        let search = searches.pop();
        let sort = self.sort_by;
        match (&search, sort) {
            (Some((found, _)), Some(sort)) if *found != sort => {
                faults.push(Fault::new("sort_by", "what is searched for is in order of what it is searched by"));
            }
            (None, Some(SortSaved::Name | SortSaved::Email)) if self.contact_group_id.is_some() => {
                faults.push(Fault::new("sort_by", "in a group must be added or phone_number"));
            }
            _ => {}
        }
        if !faults.is_empty() {
            return Err(Problem::fields(faults));
        }
        Ok(ContactQuery {
            group: self.contact_group_id,
            search: search.map(|(_, search)| search),
            sort: match sort.unwrap_or(SortSaved::Added) {
                SortSaved::Added => ContactSort::Added,
                SortSaved::PhoneNumber => ContactSort::Number,
                SortSaved::Name => ContactSort::Name,
                SortSaved::Email => ContactSort::Email,
            },
            descending: self.sort_order == Some(SortOrder::Desc),
        })
    }
}

/// First digits in E.164: of a whole number, or as they are.
fn digits(text: &str, api: &Api) -> Option<String> {
    let text = text.trim();
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let beginning = plain.strip_prefix('+').unwrap_or(&plain);
    let is_beginning = (1..=15).contains(&beginning.len()) && beginning.bytes().all(|b| b.is_ascii_digit());
    match PhoneNumber::parse(text, api.rules()) {
        Ok(number) => Some(number.to_string()),
        Err(_) => is_beginning.then(|| format!("+{beginning}")),
    }
}

/// Contacts to save.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SaveContacts {
    /// They: 1 to 1,000.
    #[schema(required = true, min_items = 1, max_items = 1000)]
    contacts: Vec<ContactToAdd>,
    /// A group they join.
    contact_group_id: Option<ContactGroupId>,
}

impl JsonRequest for SaveContacts {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        match request.contacts.len() {
            0 => Err(vec![Fault::new("contacts", "is empty: send at least one")]),
            many if many > MOST => Err(vec![Fault::new("contacts", format!("has {many}, may have {MOST}"))]),
            _ => Ok(request),
        }
    }
}

/// What came of saving contacts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactsSaved {
    /// Contacts that are new, or, where a group is named, new in it.
    #[schema(example = 2)]
    accepted: u64,
    /// Numbers that stood earlier in the request, that were in the group, or,
    /// where none is named, that were saved already: those stay as they are.
    #[schema(example = 1)]
    duplicates: u64,
    /// Those, by their place in the request, from 0.
    duplicate_positions: Vec<usize>,
    /// Numbers that are on the do-not-call list: nobody there is called.
    #[schema(example = 0)]
    do_not_call: u64,
    /// For each one of the request: the id of the contact with its number.
    ids: Vec<i64>,
}

/// The saved contacts
///
/// A page at a time. Contacts that a campaign was given directly are its own:
/// they are at `/api/campaigns/{id}/contacts`. Every filter and order is served
/// by an index, also with millions; deep pages cost a little more than the
/// first ones.
#[utoipa::path(get, path = "/api/contacts", tag = "contact groups", params(ListSaved),
    responses((status = 200, description = "A page of contacts", body = Paged<SavedContactBody>)))]
pub(super) async fn list(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListSaved>,
) -> Answer<Json<Paged<SavedContactBody>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    let query = asked.query(&api)?;
    let listed = api.store.contact_page(&query, wanted.page()).await?;
    Ok(Json(wanted.of(listed, SavedContactBody::from)))
}

/// Save contacts
///
/// One or up to 1,000; a number is saved once. With `contact_group_id` they
/// join that group, and a saved contact that joins it gets what is said of it
/// here, where something is said. A wrong number is named by its place, and
/// nothing is done. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/contacts", tag = "contact groups", request_body = SaveContacts,
    responses((status = 201, description = "What came of it", body = ContactsSaved)))]
pub(super) async fn add(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<SaveContacts>,
) -> Answer<(StatusCode, Json<ContactsSaved>)> {
    let mut faults = Vec::new();
    let contacts = request.contacts.into_iter().enumerate();
    let contacts: Vec<_> = contacts.filter_map(|(at, contact)| contact.read(at, &api, &mut faults)).collect();
    if !faults.is_empty() {
        return Err(Problem::fields(faults));
    }
    let numbers: Vec<_> = contacts.iter().map(|contact| contact.number).collect();
    let do_not_call = api.store.count_do_not_call(&numbers).await?;
    let saved = api.store.save_contacts(&contacts, request.contact_group_id, api.now()).await?;
    let saved = saved.ok_or_else(|| contact_groups::missing("contact_group_id"))?;
    let body = ContactsSaved {
        accepted: (contacts.len() - saved.duplicates.len()) as u64,
        duplicates: saved.duplicates.len() as u64,
        duplicate_positions: saved.duplicates,
        do_not_call,
        ids: saved.ids.into_iter().map(|id| id.0).collect(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// One saved contact
///
/// With its groups, the campaigns it is in, the last call to it, and its entry
/// on the do-not-call list.
#[utoipa::path(get, path = "/api/contacts/{id}", tag = "contact groups",
    params(("id" = i64, Path, description = "The contact's id")),
    responses((status = 200, description = "The contact", body = ContactDetails,
        headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(super) async fn show(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    SavedAt(id): SavedAt,
) -> Answer<(HeaderMap, Json<ContactDetails>)> {
    let saved = known(&api, id).await?;
    let places = api.store.contact_places(id).await?;
    let entry = api.store.do_not_call(saved.contact.number).await?;
    let headers = HeaderMap::from_iter([(header::ETAG, etag(saved.updated_at))]);
    Ok((headers, Json(ContactDetails::new(saved, places, entry.map(Into::into)))))
}

/// Change a saved contact
///
/// All but its number. What is left out stays, `null` takes out (RFC 7396).
/// Campaigns that have it from a group say what it says now from their next
/// call on. With `If-Match` the change is made only if nobody else made one
/// since that version was read.
#[utoipa::path(patch, path = "/api/contacts/{id}", tag = "contact groups", request_body = ContactChanges,
    params(("id" = i64, Path, description = "The contact's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The contact as it is now", body = SavedContactBody,
            headers(("ETag" = String, description = "Its version"))),
        (status = 412, description = "Somebody else changed it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    SavedAt(id): SavedAt,
    IfMatch(version): IfMatch,
    JsonBody(patch): JsonBody<ContactPatch>,
) -> Answer<(HeaderMap, Json<SavedContactBody>)> {
    // A change between reading and writing is seen by the version.
    for _ in 0..3 {
        let before = known(&api, id).await?;
        if version.is_some_and(|version| version != before.updated_at) {
            return Err(stale());
        }
        let contact = patch.clone().apply(before.contact).map_err(Problem::fields)?;
        let edit = ContactEdit { contact, if_version: Some(before.updated_at) };
        match api.store.edit_contact(id, &edit, api.now()).await? {
            BookEdited::Yes => {
                let saved = known(&api, id).await?;
                let headers = HeaderMap::from_iter([(header::ETAG, etag(saved.updated_at))]);
                return Ok((headers, Json(saved.into())));
            }
            BookEdited::Stale if version.is_some() => return Err(stale()),
            BookEdited::Stale | BookEdited::NameTaken => {}
            BookEdited::NotFound => return Err(no_contact(id)),
        }
    }
    Err(stale())
}

/// Remove a saved contact
///
/// From the address book, its groups, and every campaign that has not called
/// it; in a campaign that has, it is skipped if it waits for another call. Its
/// calls stay on record, with what was known of it, and so does an entry on the
/// do-not-call list.
#[utoipa::path(delete, path = "/api/contacts/{id}", tag = "contact groups",
    params(("id" = i64, Path, description = "The contact's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is being called", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    SavedAt(id): SavedAt,
) -> Answer<StatusCode> {
    match api.store.remove_contact(id, api.now()).await? {
        ContactRemoved::Yes => {
            api.changed();
            Ok(StatusCode::NO_CONTENT)
        }
        ContactRemoved::InCall => {
            let nothing: [&str; 0] = [];
            Err(Problem::conflict("a call to this contact is under way: try again when it is over", nothing))
        }
        ContactRemoved::NotFound => Err(no_contact(id)),
    }
}

async fn known(api: &Api, id: ContactId) -> Answer<SavedContact> {
    api.store.saved_contact(id).await?.ok_or_else(|| no_contact(id))
}

fn no_contact(id: ContactId) -> Problem {
    Problem::not_found(format_args!("saved contact {}", id.0))
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "the contact was changed since that version: read it again")
}
