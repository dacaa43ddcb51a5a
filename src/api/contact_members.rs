//! Who is in a contact group.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, ContactsRead, ContactsWrite};
use super::campaign_contacts::MOST;
use super::contact_fields::SavedContactBody;
use super::contact_groups::{known, no_group};
use super::extract::{GroupAt, JsonBody, JsonRequest, MemberAt, UrlQuery};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Problem};
use super::{Api, read};
use crate::contact::{ContactGroupId, NewContact};
use crate::number::PhoneNumber;
use crate::store::book::{ContactId, ContactQuery, ContactSort, Joined};

/// Which members.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListMembers {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// What they are sorted by; if not said: the order they joined, which is
    /// the order they are called in.
    #[param(inline)]
    sort_by: Option<SortMembers>,
    /// Which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// What members are sorted by.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SortMembers {
    /// The order they joined.
    Added,
    /// Number.
    PhoneNumber,
}

/// Contacts that are to join a group: up to 1,000 together.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct JoinGroup {
    /// Saved contacts, by id.
    #[schema(max_items = 1000)]
    contact_ids: Vec<i64>,
    /// Numbers, written in any way; of one that nobody has, a contact is made
    /// of whom nothing else is known.
    #[schema(max_items = 1000)]
    phone_numbers: Vec<String>,
}

impl JsonRequest for JoinGroup {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        match request.contact_ids.len() + request.phone_numbers.len() {
            0 => Err(vec![Fault::new("contact_ids", "is empty: send at least one, or phone_numbers")]),
            many if many > MOST => {
                Err(vec![Fault::new("contact_ids", format!("and phone_numbers have {many}, may have {MOST}"))])
            }
            _ => Ok(request),
        }
    }
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupJoined {
    /// New members.
    #[schema(example = 2)]
    accepted: u64,
    /// Contacts that were members, or that stood twice.
    #[schema(example = 1)]
    duplicates: u64,
}

/// The members of a contact group
#[utoipa::path(get, path = "/api/contact-groups/{id}/members", tag = "contact groups",
    params(("id" = ContactGroupId, Path, description = "The group's id"), ListMembers),
    responses((status = 200, description = "A page of contacts", body = Paged<SavedContactBody>)))]
pub(super) async fn list(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    GroupAt(id): GroupAt,
    UrlQuery(asked): UrlQuery<ListMembers>,
) -> Answer<Json<Paged<SavedContactBody>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    known(&api, id).await?;
    let query = ContactQuery {
        group: Some(id),
        search: None,
        sort: match asked.sort_by {
            Some(SortMembers::Added) | None => ContactSort::Added,
            Some(SortMembers::PhoneNumber) => ContactSort::Number,
        },
        descending: asked.sort_order == Some(SortOrder::Desc),
    };
    Ok(Json(wanted.of(api.store.contact_page(&query, wanted.page()).await?, SavedContactBody::from)))
}

/// Add contacts to a group
///
/// Saved ones by id, or numbers. A wrong one is named by its place, and nobody
/// joins. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/contact-groups/{id}/members", tag = "contact groups", request_body = JoinGroup,
    params(("id" = ContactGroupId, Path, description = "The group's id")),
    responses((status = 200, description = "What came of it", body = GroupJoined)))]
pub(super) async fn add(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    GroupAt(id): GroupAt,
    JsonBody(request): JsonBody<JoinGroup>,
) -> Answer<Json<GroupJoined>> {
    known(&api, id).await?;
    let mut faults = Vec::new();
    let mut numbers = Vec::with_capacity(request.phone_numbers.len());
    for (at, written) in request.phone_numbers.iter().enumerate() {
        match PhoneNumber::parse(written, api.rules()) {
            Ok(number) => numbers.push(NewContact::of(number)),
            Err(error) => faults.push(Fault::new(format!("phone_numbers[{at}]"), error.to_string())),
        }
    }
    if !faults.is_empty() {
        return Err(Problem::fields(faults));
    }
    let mut body = GroupJoined { accepted: 0, duplicates: 0 };
    let mut note = |all: usize, duplicates: usize| {
        body.accepted += (all - duplicates) as u64;
        body.duplicates += duplicates as u64;
    };
    let ids: Vec<_> = request.contact_ids.into_iter().map(ContactId).collect();
    match api.store.join_contacts(id, &ids, api.now()).await? {
        Joined::Yes { duplicates } => note(ids.len(), duplicates.len()),
        Joined::Unknown(positions) => {
            let fault = |at: usize| Fault::new(format!("contact_ids[{at}]"), "there is no such saved contact");
            return Err(Problem::fields(positions.into_iter().map(fault).collect()));
        }
        Joined::NotFound => return Err(no_group(id)),
    }
    let saved = api.store.save_contacts(&numbers, Some(id), api.now()).await?.ok_or_else(|| no_group(id))?;
    note(numbers.len(), saved.duplicates.len());
    Ok(Json(body))
}

/// Take a contact out of a group
///
/// The contact stays, and so do campaigns it is in.
#[utoipa::path(delete, path = "/api/contact-groups/{id}/members/{contact_id}", tag = "contact groups",
    params(("id" = ContactGroupId, Path, description = "The group's id"),
        ("contact_id" = i64, Path, description = "The contact's id")),
    responses((status = 204, description = "It is out of the group")))]
pub(super) async fn remove(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    MemberAt(group, contact): MemberAt,
) -> Answer<StatusCode> {
    if api.store.remove_member(group, contact).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    known(&api, group).await?;
    Err(Problem::not_found(format_args!("contact {} in group {group}", contact.0)))
}
