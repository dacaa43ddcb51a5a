//! Groups of saved contacts.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Allowed, ContactsRead, ContactsWrite};
use super::campaign_fields::checked_name;
use super::campaign_upload::{RejectedRow, UploadForm, bad_list, not_imported, received, rejected_rows};
use super::extract::{GroupAt, IfMatch, JsonBody, JsonRequest, UrlQuery, etag};
use super::page::{Paged, SortOrder, Wanted};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::{Api, read};
use crate::contact::{ContactGroupId, GroupImport, ListReader, import_group};
use crate::store::book::{BookEdited, ContactGroup, GroupRemoved};

/// Longest description, in characters.
const DESCRIPTION: usize = 1_000;

/// Which groups.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListGroups {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
    /// Only those whose name begins like this, whatever the case.
    name: Option<String>,
    /// By name: which way.
    #[param(inline)]
    sort_order: Option<SortOrder>,
}

/// A group of saved contacts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactGroupBody {
    /// Its id.
    id: ContactGroupId,
    /// What it is called.
    #[schema(example = "Newsletter subscribers")]
    name: String,
    /// What it is for.
    description: Option<String>,
    /// How many contacts are in it.
    #[schema(example = 1200)]
    members: u64,
    /// When it was made.
    created_at: Timestamp,
    /// When its name or description last changed; its version.
    updated_at: Timestamp,
}

impl From<ContactGroup> for ContactGroupBody {
    fn from(group: ContactGroup) -> Self {
        Self {
            id: group.id,
            name: group.name,
            description: group.description,
            members: group.members,
            created_at: group.created_at,
            updated_at: group.updated_at,
        }
    }
}

/// A group to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewGroup {
    /// What it is called: 1 to 200 characters; no two names differ in case
    /// alone.
    #[schema(required = true, value_type = String, example = "Newsletter subscribers")]
    name: Option<String>,
    /// What it is for; up to 1,000 characters.
    description: Option<String>,
}

impl JsonRequest for NewGroup {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut request: Self = read::json(body)?;
        let mut faults = too_long(request.description.as_deref());
        match checked_name(request.name.as_deref()) {
            Ok(name) => request.name = Some(name),
            Err(message) => faults.push(Fault::new("name", message)),
        }
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// Changes to a group: what is left out stays, `null` takes the description
/// out (RFC 7396).
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct GroupChanges {
    /// What it is called: 1 to 200 characters.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = String, example = "Newsletter subscribers")]
    name: Option<Option<String>>,
    /// What it is for; up to 1,000 characters.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
}

/// What is given, `null` too.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(from).map(Some)
}

impl JsonRequest for GroupChanges {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut request: Self = read::json(body)?;
        let mut faults = too_long(request.description.as_ref().and_then(|text| text.as_deref()));
        if let Some(name) = &request.name {
            match checked_name(name.as_deref()) {
                Ok(name) => request.name = Some(Some(name)),
                Err(message) => faults.push(Fault::new("name", message)),
            }
        }
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

fn too_long(description: Option<&str>) -> Vec<Fault> {
    let long = description.is_some_and(|text| text.chars().count() > DESCRIPTION);
    long.then(|| Fault::new("description", format!("may have {DESCRIPTION} characters"))).into_iter().collect()
}

/// What came of one file for a group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupFile {
    /// Its name.
    #[schema(example = "contacts.csv")]
    file: String,
    /// Rows with anything in them: accepted, duplicates and rejected together.
    #[schema(example = 120)]
    rows: u64,
    /// New members of the group.
    #[schema(example = 117)]
    accepted: u64,
    /// Those of them that were not saved before.
    #[schema(example = 90)]
    created: u64,
    /// Numbers that were in the group already, or that came earlier.
    #[schema(example = 2)]
    duplicates: u64,
    /// Rows that are no contact.
    #[schema(example = 1)]
    rejected: u64,
    /// Numbers of the file that are on the do-not-call list: nobody there is
    /// called.
    #[schema(example = 0)]
    do_not_call: u64,
    /// The first hundred rows that were rejected.
    rejected_rows: Vec<RejectedRow>,
    /// What was odd about the file.
    warnings: Vec<String>,
}

/// What came of an import into a group.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct GroupImported {
    /// New members, of all files.
    #[schema(example = 117)]
    accepted: u64,
    /// Those of them that were not saved before.
    #[schema(example = 90)]
    created: u64,
    /// Numbers that were in the group already, of all files.
    #[schema(example = 2)]
    duplicates: u64,
    /// Rows that are no contact, of all files.
    #[schema(example = 1)]
    rejected: u64,
    /// Numbers of all files that are on the do-not-call list.
    #[schema(example = 0)]
    do_not_call: u64,
    /// File by file.
    files: Vec<GroupFile>,
}

impl GroupImported {
    fn note(&mut self, file: String, imported: GroupImport) {
        let GroupImport { summary, created } = imported;
        self.accepted += summary.accepted;
        self.created += created;
        self.duplicates += summary.duplicates;
        self.rejected += summary.rejected;
        self.do_not_call += summary.do_not_call;
        self.files.push(GroupFile {
            file,
            rows: summary.rows,
            accepted: summary.accepted,
            created,
            duplicates: summary.duplicates,
            rejected: summary.rejected,
            do_not_call: summary.do_not_call,
            rejected_rows: rejected_rows(summary.first_rejected),
            warnings: summary.warnings.iter().map(ToString::to_string).collect(),
        });
    }
}

/// All contact groups
///
/// A page at a time, by name, each with how many contacts are in it.
#[utoipa::path(get, path = "/api/contact-groups", tag = "contact groups", params(ListGroups),
    responses((status = 200, description = "A page of groups", body = Paged<ContactGroupBody>)))]
pub(super) async fn list(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListGroups>,
) -> Answer<Json<Paged<ContactGroupBody>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    let descending = asked.sort_order == Some(SortOrder::Desc);
    let listed = api.store.group_page(asked.name.as_deref(), descending, wanted.page()).await?;
    Ok(Json(wanted.of(listed, ContactGroupBody::from)))
}

/// Make a contact group
///
/// An empty one. Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/contact-groups", tag = "contact groups", request_body = NewGroup,
    responses(
        (status = 201, description = "The group", body = ContactGroupBody,
            headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version"))),
        (status = 409, description = "Another group has that name", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<NewGroup>,
) -> Answer<(StatusCode, HeaderMap, Json<ContactGroupBody>)> {
    let now = api.now();
    let group = ContactGroup {
        id: ContactGroupId::new(),
        name: request.name.unwrap_or_default(),
        description: request.description.filter(|text| !text.is_empty()),
        members: 0,
        created_at: now,
        updated_at: now,
    };
    if !api.store.add_group(&group).await? {
        return Err(taken(&group.name));
    }
    let (mut headers, body) = shown(known(&api, group.id).await?);
    if let Ok(place) = HeaderValue::from_str(&format!("/api/contact-groups/{}", group.id)) {
        headers.insert(header::LOCATION, place);
    }
    Ok((StatusCode::CREATED, headers, body))
}

/// One contact group
#[utoipa::path(get, path = "/api/contact-groups/{id}", tag = "contact groups",
    params(("id" = ContactGroupId, Path, description = "The group's id")),
    responses((status = 200, description = "The group", body = ContactGroupBody,
        headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(super) async fn show(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    GroupAt(id): GroupAt,
) -> Answer<(HeaderMap, Json<ContactGroupBody>)> {
    Ok(shown(known(&api, id).await?))
}

/// Change a contact group
///
/// Its name and its description. With `If-Match` only if nobody else changed
/// them since that version was read.
#[utoipa::path(patch, path = "/api/contact-groups/{id}", tag = "contact groups", request_body = GroupChanges,
    params(("id" = ContactGroupId, Path, description = "The group's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The group as it is now", body = ContactGroupBody,
            headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "Another group has that name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else changed it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    GroupAt(id): GroupAt,
    IfMatch(version): IfMatch,
    JsonBody(changes): JsonBody<GroupChanges>,
) -> Answer<(HeaderMap, Json<ContactGroupBody>)> {
    // A change between reading and writing is seen by the version.
    for _ in 0..3 {
        let mut group = known(&api, id).await?;
        let read = group.updated_at;
        if version.is_some_and(|version| version != read) {
            return Err(stale());
        }
        if let Some(Some(name)) = changes.name.clone() {
            group.name = name;
        }
        if let Some(description) = changes.description.clone() {
            group.description = description.filter(|text| !text.is_empty());
        }
        match api.store.edit_group(&group, Some(read), api.now()).await? {
            BookEdited::Yes => return Ok(shown(known(&api, id).await?)),
            BookEdited::NameTaken => return Err(taken(&group.name)),
            BookEdited::Stale if version.is_some() => return Err(stale()),
            BookEdited::Stale => {}
            BookEdited::NotFound => return Err(no_group(id)),
        }
    }
    Err(stale())
}

/// Delete a contact group
///
/// Its contacts stay. Not while a campaign that is not over names it.
#[utoipa::path(delete, path = "/api/contact-groups/{id}", tag = "contact groups",
    params(("id" = ContactGroupId, Path, description = "The group's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "Campaigns name it", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn remove(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    GroupAt(id): GroupAt,
) -> Answer<StatusCode> {
    match api.store.remove_group(id).await? {
        GroupRemoved::Yes => Ok(StatusCode::NO_CONTENT),
        GroupRemoved::InUse(campaigns) => {
            let detail = format!("campaigns that are not over name it: {}", campaigns.join(", "));
            Err(Problem::conflict(detail, ["edit"]))
        }
        GroupRemoved::NotFound => Err(no_group(id)),
    }
}

/// Import contacts into a group
///
/// One or several CSV files as the form field `file`, read as those of a
/// campaign are, under the same limits. A number that is in the group is a
/// duplicate and stays as it is. One that is saved but not in the group joins
/// it, and what the list says of it wins over what was known; empty cells say
/// nothing. Importing a list again does no harm.
#[utoipa::path(post, path = "/api/contact-groups/{id}/import", tag = "contact groups",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    params(("id" = ContactGroupId, Path, description = "The group's id")),
    responses(
        (status = 200, description = "What came of it", body = GroupImported),
        (status = 422, description = "A file is not a list of contacts", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn import(
    _: Allowed<ContactsWrite>,
    State(api): State<Api>,
    GroupAt(id): GroupAt,
    request: Request,
) -> Answer<Json<GroupImported>> {
    known(&api, id).await?;
    let lists = received(request, api.limits.upload_bytes, &[".csv"]).await?;
    let mut imported = GroupImported::default();
    for (name, file) in lists {
        let rules = api.rules();
        let reader = spawn_blocking(move || ListReader::new(file, rules)).await.map_err(Problem::internal)?;
        let reader = reader.map_err(|error| bad_list(&name, &error))?;
        let came = import_group(reader, &api.store, id, None, &api.clock).await;
        let came = came.map_err(|error| not_imported(&name, error))?;
        imported.note(name, came);
    }
    Ok(Json(imported))
}

/// Groups that are named must be there.
pub(super) async fn check(api: &Api, field: &str, groups: &[ContactGroupId]) -> Answer<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let missing = api.store.missing_groups(groups).await?;
    let fault = |at: usize| Fault::new(format!("{field}[{at}]"), "there is no such contact group");
    if missing.is_empty() { Ok(()) } else { Err(Problem::fields(missing.into_iter().map(fault).collect())) }
}

/// The group that this field names is not there.
pub(super) fn missing(field: &str) -> Problem {
    Problem::field(field, "there is no such contact group")
}

pub(super) async fn known(api: &Api, id: ContactGroupId) -> Answer<ContactGroup> {
    api.store.group(id).await?.ok_or_else(|| no_group(id))
}

pub(super) fn no_group(id: ContactGroupId) -> Problem {
    Problem::not_found(format_args!("contact group {id}"))
}

fn shown(group: ContactGroup) -> (HeaderMap, Json<ContactGroupBody>) {
    (HeaderMap::from_iter([(header::ETAG, etag(group.updated_at))]), Json(group.into()))
}

fn taken(name: &str) -> Problem {
    let nothing: [&str; 0] = [];
    Problem::conflict(format!("a contact group is called \"{name}\" already"), nothing)
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "the group was changed since that version: read it again")
}
