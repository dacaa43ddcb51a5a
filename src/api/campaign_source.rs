//! The lists that were uploaded to a campaign, as they came.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::Api;
use super::auth::{Allowed, ContactsRead};
use super::campaigns::known;
use super::extract::{CampaignAt, UploadAt, UrlQuery};
use super::page::{Paged, Wanted};
use super::problem::{Answer, Problem, ProblemBody};
use super::served_file::{self, Served, disposition};
use crate::campaign::CampaignId;
use crate::store::blocks::{Upload, UploadId};
use crate::uploads::{Link, UploadsError};

/// Which uploads.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListUploads {
    /// Which page, from 1.
    #[param(minimum = 1, example = 1)]
    page: Option<u32>,
    /// Rows on a page: 1 to 500; 50 if not said.
    #[param(minimum = 1, maximum = 500, example = 50)]
    limit: Option<u32>,
}

/// A list that was uploaded, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upload)]
pub(super) struct UploadBody {
    /// Its id.
    id: Uuid,
    /// The file's name.
    #[schema(example = "contacts.csv")]
    file: String,
    /// Its size in bytes.
    #[schema(example = 8_123)]
    bytes: u64,
    /// SHA-256 of its content.
    sha256: String,
    /// New contacts that came with it.
    #[schema(example = 117)]
    accepted: u64,
    /// Numbers in it that the campaign had already.
    #[schema(example = 2)]
    duplicates: u64,
    /// Rows in it that were no contact.
    #[schema(example = 1)]
    rejected: u64,
    /// When it was uploaded.
    uploaded_at: Timestamp,
}

impl From<Upload> for UploadBody {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id.0,
            file: upload.name,
            bytes: upload.bytes,
            sha256: upload.sha256,
            accepted: upload.accepted,
            duplicates: upload.duplicates,
            rejected: upload.rejected,
            uploaded_at: upload.uploaded_at,
        }
    }
}

/// A link to a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceLink {
    /// Where the file is, for anybody who has this link.
    url: String,
    /// When the link works no more.
    expires_at: Timestamp,
    /// What it leads to.
    upload: UploadBody,
}

/// Which list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichUpload {
    /// The upload's id; the newest if not said.
    upload: Option<Uuid>,
}

/// A link's own part.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LinkParts {
    /// When it ends, in seconds since 1970.
    expires: i64,
    /// Its signature, in hexadecimal digits.
    signature: String,
}

/// The lists that were uploaded
///
/// The newest first.
#[utoipa::path(get, path = "/api/campaigns/{id}/uploads", tag = "contacts",
    params(("id" = CampaignId, Path, description = "The campaign's id"), ListUploads),
    responses((status = 200, description = "A page of uploads", body = Paged<UploadBody>)))]
pub(super) async fn list(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    UrlQuery(asked): UrlQuery<ListUploads>,
) -> Answer<Json<Paged<UploadBody>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    known(&api, id).await?;
    Ok(Json(wanted.of(api.store.upload_page(id, wanted.page()).await?, UploadBody::from)))
}

/// A link to an uploaded list
///
/// It works for 15 minutes, without a key, and gives the file as it was
/// uploaded.
#[utoipa::path(get, path = "/api/campaigns/{id}/source-download-url", tag = "contacts",
    params(("id" = CampaignId, Path, description = "The campaign's id"), WhichUpload),
    responses((status = 200, description = "The link", body = SourceLink)))]
pub(super) async fn link(
    _: Allowed<ContactsRead>,
    State(api): State<Api>,
    CampaignAt(id): CampaignAt,
    UrlQuery(asked): UrlQuery<WhichUpload>,
    headers: HeaderMap,
) -> Answer<Json<SourceLink>> {
    known(&api, id).await?;
    let upload = api.store.upload(id, asked.upload.map(UploadId)).await?.ok_or_else(|| match asked.upload {
        Some(upload) => Problem::not_found(format_args!("upload {upload} of this campaign")),
        None => Problem::not_found("list that was uploaded to this campaign"),
    })?;
    let link = api.uploads.link(id, upload.id, api.now()).await?;
    let Link { expires, signature } = &link;
    let place = format!("/api/campaigns/{id}/uploads/{}/file?expires={expires}&signature={signature}", upload.id);
    let url = format!("{}{place}", origin(&headers));
    Ok(Json(SourceLink { url, expires_at: link.expires_at(), upload: upload.into() }))
}

/// Where the client found us, as far as it or its proxy says; empty: what
/// follows is a link within this API.
fn origin(headers: &HeaderMap) -> String {
    let header = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let plain = |host: &&str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte))
    };
    let secure = header("x-forwarded-proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    let scheme = if secure { "https" } else { "http" };
    header(header::HOST.as_str()).filter(plain).map(|host| format!("{scheme}://{host}")).unwrap_or_default()
}

/// What needs no key but a link.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(file))
}

/// An uploaded list
///
/// As it was uploaded. Without a key: by a link of `source-download-url`.
#[utoipa::path(get, path = "/api/campaigns/{id}/uploads/{upload_id}/file", tag = "contacts", security(()),
    params(("id" = CampaignId, Path, description = "The campaign's id"),
        ("upload_id" = Uuid, Path, description = "The upload's id"), LinkParts),
    responses(
        (status = 200, description = "The list", body = String, content_type = "text/csv"),
        (status = 206, description = "The bytes asked for", body = String, content_type = "text/csv"),
        (status = 304, description = "It is as `If-None-Match` says"),
        (status = 404, description = "The link is none of ours, its time is over, or the list is gone", body = ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "It has no such bytes", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn file(
    State(api): State<Api>,
    UploadAt(campaign, upload): UploadAt,
    UrlQuery(LinkParts { expires, signature }): UrlQuery<LinkParts>,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    // Nobody learns without a good link what there is.
    let refused = || Problem::not_found("such link, or its time is over: ask for another");
    if !api.uploads.is_good(campaign, upload, &Link { expires, signature }, api.now()).await? {
        return Err(refused());
    }
    let upload = api.store.upload(campaign, Some(upload)).await?.ok_or_else(refused)?;
    let served = Served {
        content_type: "text/csv",
        cache: "private, no-store".into(),
        tag: Some(format!("\"{}\"", upload.sha256)),
        disposition: Some(disposition("attachment", &upload.name)),
    };
    let path = api.uploads.path(&upload);
    served_file::answer_or_problem(&path, &method, &headers, &served).await.map_err(|error| {
        tracing::warn!(path = %path.display(), %error, "an uploaded list cannot be served");
        Problem::not_found("file of this upload any more")
    })
}

impl From<UploadsError> for Problem {
    fn from(error: UploadsError) -> Self {
        match error {
            UploadsError::Store(error) => error.into(),
            UploadsError::NoCampaign => Self::not_found("such campaign any more"),
            UploadsError::Folder { .. } | UploadsError::Key(_) | UploadsError::Broken(_) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn a_link_leads_to_where_the_client_found_us() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let pairs =
                pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            origin(&HeaderMap::from_iter(pairs))
        };
        assert_eq!(of(&[("host", "127.0.0.1:8080")]), "http://127.0.0.1:8080");
        assert_eq!(of(&[("host", "pbx.example.org"), ("x-forwarded-proto", "https")]), "https://pbx.example.org");
        assert_eq!(of(&[("host", "[::1]:80")]), "http://[::1]:80");
        for odd in ["", "a b", "a/b", "a@b", "a?b", "a\"b"] {
            assert_eq!(of(&[("host", odd)]), "", "{odd}");
        }
        assert_eq!(of(&[]), "");
    }
}
