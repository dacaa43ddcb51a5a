//! All routes, and the layers around them.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tracing::Instrument;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::problem::{Kind, Problem};
use super::{
    Api, agents, api_keys, audit, audit_numbers, auth, call_completion, call_recording, calls, campaign_contacts,
    campaign_life, campaign_report, campaign_results, campaign_runs, campaign_source, campaign_upload, campaign_watch,
    campaigns, contact_groups, contact_members, contacts, dnc, dnc_lists, events, health, idempotency, me, media,
    media_upload, metrics, noting, number_import, openapi, phone_numbers, reference, sessions, settings, surveys,
    switches, test_call, users, webhook_deliveries, webhooks,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id a client may give its request.
const REQUEST_ID_LENGTH: usize = 64;

/// From the last byte of a request's head to the first of its answer. Uploads
/// are the longest.
const PATIENCE: Duration = Duration::from_secs(300);

/// What needs a key, with its description.
pub(super) fn resources() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::beginning())
        .routes(routes!(campaigns::list, campaigns::create))
        .routes(routes!(campaigns::show, campaigns::edit, campaigns::delete))
        .routes(routes!(campaign_life::launch))
        .routes(routes!(campaign_life::start))
        .routes(routes!(campaign_life::pause))
        .routes(routes!(campaign_life::resume))
        .routes(routes!(campaign_life::cancel))
        .routes(routes!(campaign_life::duplicate))
        .routes(routes!(campaign_life::redial))
        .routes(routes!(campaign_watch::stats))
        .routes(routes!(campaign_watch::progress))
        .routes(routes!(campaign_runs::runs))
        .routes(routes!(campaign_report::report))
        .routes(routes!(campaign_results::results))
        .routes(routes!(campaign_results::csv))
        .routes(routes!(campaign_upload::template))
        .routes(routes!(campaign_upload::upload))
        .routes(routes!(campaign_source::list))
        .routes(routes!(campaign_source::link))
        .routes(routes!(campaign_contacts::list, campaign_contacts::add))
        .routes(routes!(campaign_contacts::show, campaign_contacts::remove))
        .routes(routes!(campaign_contacts::retry))
        .routes(routes!(campaign_contacts::skip))
        .routes(routes!(contacts::list, contacts::add))
        .routes(routes!(contacts::show, contacts::edit, contacts::remove))
        .routes(routes!(contact_groups::list, contact_groups::create))
        .routes(routes!(contact_groups::show, contact_groups::edit, contact_groups::remove))
        .routes(routes!(contact_groups::import))
        .routes(routes!(contact_members::list, contact_members::add))
        .routes(routes!(contact_members::remove))
        .routes(routes!(calls::list))
        .routes(routes!(calls::show, calls::edit))
        .routes(routes!(calls::hang_up))
        .routes(routes!(call_completion::complete))
        .routes(routes!(call_recording::recording))
        .routes(routes!(call_recording::answer))
        .routes(routes!(agents::list, agents::add))
        .routes(routes!(agents::show, agents::edit, agents::remove))
        .routes(routes!(dnc::list, dnc::add))
        .routes(routes!(dnc::check, dnc_lists::check_many))
        .routes(routes!(dnc_lists::import))
        .routes(routes!(dnc_lists::export))
        .routes(routes!(dnc::history))
        .routes(routes!(dnc::show, dnc::remove))
        .routes(routes!(phone_numbers::list, phone_numbers::add))
        .routes(routes!(number_import::import))
        .routes(routes!(phone_numbers::show, phone_numbers::edit, phone_numbers::remove))
        .routes(routes!(media::list, media_upload::upload))
        .routes(routes!(media::say))
        .routes(routes!(media::show, media::edit, media::delete))
        .routes(routes!(media_upload::audio))
        .routes(routes!(surveys::list, surveys::create))
        .routes(routes!(surveys::check))
        .routes(routes!(surveys::show, surveys::edit, surveys::delete))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::show, api_keys::edit, api_keys::revoke))
        .routes(routes!(sessions::logout))
        .routes(routes!(me::show))
        .routes(routes!(me::change_password))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::show, users::edit, users::remove))
        .routes(routes!(users::reset_password))
        .routes(routes!(settings::show, settings::edit))
        .routes(routes!(switches::list))
        .routes(routes!(switches::show))
        .routes(routes!(test_call::place))
        .routes(routes!(events::listen))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::edit, webhooks::remove))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhook_deliveries::test))
        .routes(routes!(webhook_deliveries::list))
        .routes(routes!(webhook_deliveries::show))
        .routes(routes!(webhook_deliveries::replay))
        .routes(routes!(metrics::show))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export))
        .routes(routes!(audit_numbers::show))
}

/// What needs no key.
pub(super) fn open() -> OpenApiRouter<Api> {
    health::routes().merge(sessions::open_routes()).merge(campaign_source::routes())
}

/// Everything.
pub(super) fn router(api: Api) -> Router {
    let pause = api.limits.client_pause;
    let (resources, _) = resources().split_for_parts();
    let resources = resources
        // Bodies have limits of their own, by kind.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(api.clone(), noting::layer))
        .layer(from_fn_with_state(api.clone(), idempotency::layer))
        .layer(from_fn_with_state(api.clone(), auth::layer));
    let (open, _) = open().split_for_parts();
    resources
        .merge(open)
        .merge(reference::routes())
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(RequestBodyTimeoutLayer::new(pause))
        .layer(from_fn(patience))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(headers))
        .layer(from_fn_with_state(api.clone(), metrics::count))
        .layer(from_fn(traced))
        .with_state(api)
}

async fn no_such_path(request: Request) -> Problem {
    Problem::not_found(format_args!("path {}", request.uri().path()))
}

async fn no_such_method(request: Request) -> Problem {
    Problem::new(Kind::MethodNotAllowed, format!("{} is not possible here", request.method()))
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::internal("a handler panicked").into_response()
}

/// Nothing takes for ever.
async fn patience(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::wait(Kind::Unavailable, "it took too long", Duration::from_secs(30)).into_response(),
    }
}

/// What a browser is to make of our answers: nothing on its own.
async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// An id for each request, in the log and in the answer.
async fn traced(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let usable = |id: &&str| {
        (1..=REQUEST_ID_LENGTH).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let id = given.filter(usable).map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned);
    request.extensions_mut().insert(noting::RequestId(id.clone()));
    // The path alone: a query may hold what is nobody's business.
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = %request.uri().path());
    async move {
        let start = Instant::now();
        let mut response = next.run(request).await;
        let (status, ms) = (response.status().as_u16(), start.elapsed().as_millis());
        tracing::debug!(status, ms, "answered");
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
    .instrument(span)
    .await
}
