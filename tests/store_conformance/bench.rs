//! A store to try things on, and the shapes the scenarios share.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use canvass::call::{CallFacts, CallId, Outcome};
use canvass::campaign::{AfterCall, CampaignId, CampaignStatus, Settings, TargetStatus};
use canvass::compliance::Rules;
use canvass::contact::NewContact;
use canvass::number::PhoneNumber;
use canvass::store::{
    Changed, Claim, ClaimResult, Claimed, DoNotCall, LedgerBatch, Location, PlannedCall, Settlement, StatusChange,
    Store,
};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Connection, Row};

use crate::postgres_server::Database;

/// Makes of each scenario a test on SQLite and one on Postgres.
macro_rules! on_both_engines {
    ($($scenario:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                let bench = crate::bench::Bench::sqlite().await;
                Box::pin(super::$scenario(&bench)).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                let name = concat!(module_path!(), "::", stringify!($scenario));
                if let Some(bench) = crate::bench::Bench::postgres(name).await {
                    Box::pin(super::$scenario(&bench)).await;
                }
            })+
        }
    };
}
pub(crate) use on_both_engines;

/// A migrated, empty store.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) location: Location,
    // Removed last.
    _database: Option<Database>,
    _folder: Option<tempfile::TempDir>,
}

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        let bench = Self::empty_sqlite().await;
        bench.store.migrate().await.unwrap();
        bench
    }

    pub(crate) async fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("canvass.db"));
        let store = Store::open(&location).await.unwrap();
        Self { store, location, _database: None, _folder: Some(folder) }
    }

    pub(crate) async fn postgres(test: &str) -> Option<Self> {
        let bench = Self::empty_postgres(test).await?;
        bench.store.migrate().await.unwrap();
        Some(bench)
    }

    pub(crate) async fn empty_postgres(test: &str) -> Option<Self> {
        let database = Database::create(test).await?;
        let location = Location::Postgres(database.url().to_owned().into());
        let store = Store::open(&location).await.unwrap();
        Some(Self { store, location, _database: Some(database), _folder: None })
    }

    /// The same database, opened once more as another process would.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.location).await.unwrap()
    }

    /// Rows of two columns, text and number, of a query without parameters.
    pub(crate) async fn pairs(&self, sql: String) -> Vec<(String, i64)> {
        match &self.location {
            Location::Sqlite(path) => {
                let mut connection = sqlx::SqliteConnection::connect(&sqlite_url(path)).await.unwrap();
                let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                found.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
            Location::Postgres(url) => {
                use secrecy::ExposeSecret;
                let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await.unwrap();
                let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                found.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
        }
    }

    /// Runs statements behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) {
        self.try_execute(sql).await.unwrap();
    }

    /// Statements that may be refused.
    pub(crate) async fn try_execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        match &self.location {
            Location::Sqlite(path) => {
                let mut connection = sqlx::SqliteConnection::connect(&sqlite_url(path)).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                connection.close().await
            }
            Location::Postgres(url) => {
                use secrecy::ExposeSecret;
                let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                connection.close().await
            }
        }
    }

    /// A draft.
    pub(crate) async fn draft(&self) -> CampaignId {
        let id = CampaignId::new();
        self.store.create_campaign(id, "spring survey", &Settings::default(), now()).await.unwrap();
        id
    }

    /// A running campaign with targets `+15550000000` and on, due now.
    pub(crate) async fn running(&self, targets: u64) -> CampaignId {
        self.running_over(0..targets).await
    }

    /// The same with others: a number is in one call at a time.
    pub(crate) async fn running_over(&self, targets: std::ops::Range<u64>) -> CampaignId {
        let id = self.draft().await;
        self.add(id, targets).await;
        self.set_status(id, CampaignStatus::Running).await;
        id
    }

    pub(crate) async fn add(&self, id: CampaignId, range: std::ops::Range<u64>) {
        let contacts: Vec<_> = range.map(|n| NewContact::of(number(n))).collect();
        let added = self.store.add_targets(id, &contacts, now()).await.unwrap();
        assert_eq!(added.added, contacts.len() as u64);
    }

    pub(crate) async fn set_status(&self, id: CampaignId, to: CampaignStatus) {
        let change = StatusChange { to, from: CampaignStatus::ALL.to_vec(), reason: None, scheduled_at: None };
        assert_eq!(self.store.change_status(id, &change, now()).await.unwrap(), Changed::Yes);
    }

    /// Claims up to so many targets at `at`.
    pub(crate) async fn claim_at(&self, id: CampaignId, calls: usize, at: Timestamp) -> ClaimResult {
        claim(&self.store, id, calls, at).await
    }

    pub(crate) async fn claim(&self, id: CampaignId, calls: usize) -> ClaimResult {
        self.claim_at(id, calls, now()).await
    }

    pub(crate) async fn settle(&self, settlements: Vec<Settlement>) {
        let batch = LedgerBatch { settlements, ..LedgerBatch::default() };
        self.store.commit(&batch, now()).await.unwrap();
    }

    /// Bars a number.
    pub(crate) async fn bar(&self, number: PhoneNumber) {
        let entry = DoNotCall { number, reason: None, source: "manual".into(), added_at: now() };
        self.store.add_do_not_call(&entry).await.unwrap();
    }

    /// The target's status, attempts and due time.
    pub(crate) async fn target(&self, id: CampaignId, n: u64) -> (TargetStatus, u32, Option<Timestamp>) {
        self.store.target_by_number(id, number(n)).await.unwrap().expect("a target")
    }

    /// The tally is what counting gives.
    pub(crate) async fn assert_tally(&self, id: CampaignId) {
        let tally = self.store.tally(id).await.unwrap();
        let campaign = match &self.location {
            Location::Sqlite(_) => format!("x'{}'", id.0.simple()),
            Location::Postgres(_) => format!("'{id}'"),
        };
        let mut kept: Vec<_> = tally.targets.iter().map(|(status, n)| (status.to_string(), *n as i64)).collect();
        kept.sort();
        let counted = self
            .pairs(format!(
                "SELECT status, count(*) FROM campaign_contacts WHERE campaign_id = {campaign}
                 GROUP BY status ORDER BY status"
            ))
            .await;
        assert_eq!(kept, sorted(counted), "targets by status");
        let mut kept: Vec<_> = tally.outcomes.iter().map(|(outcome, n)| (outcome.to_string(), *n as i64)).collect();
        kept.sort();
        let counted = self
            .pairs(format!(
                "SELECT outcome, count(*) FROM calls WHERE campaign_id = {campaign} AND ended_at IS NOT NULL
                 GROUP BY outcome"
            ))
            .await;
        assert_eq!(kept, sorted(counted), "calls by outcome");
    }
}

fn sorted(mut pairs: Vec<(String, i64)>) -> Vec<(String, i64)> {
    pairs.sort();
    pairs
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// The time all scenarios begin at.
pub(crate) fn now() -> Timestamp {
    "2026-03-01T09:00:00.123456Z".parse().unwrap()
}

pub(crate) fn later(seconds: u64) -> Timestamp {
    now() + Duration::from_secs(seconds)
}

pub(crate) fn number(n: u64) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+1555{n:07}")).unwrap()
}

/// Calls that no claim had before.
pub(crate) fn planned(calls: usize) -> Vec<PlannedCall> {
    let caller_id = PhoneNumber::from_e164("+15559990000").unwrap();
    (0..calls).map(|_| PlannedCall { call: CallId::new(), caller_id, switch: "fs1".into() }).collect()
}

/// A claim that no hours restrict.
pub(crate) fn claim_of(campaign: CampaignId, calls: usize) -> Claim {
    Claim { campaign, calls: planned(calls), nearby: Vec::new(), rules: Arc::new(Rules::laboratory()) }
}

pub(crate) fn wish(campaign: CampaignId, calls: usize) -> LedgerBatch {
    LedgerBatch { claims: vec![claim_of(campaign, calls)], ..LedgerBatch::default() }
}

pub(crate) async fn claim(store: &Store, campaign: CampaignId, calls: usize, at: Timestamp) -> ClaimResult {
    let mut results = store.commit(&wish(campaign, calls), at).await.unwrap();
    assert_eq!(results.len(), 1);
    results.pop().unwrap()
}

/// A settlement without a retry that uses up the attempt.
pub(crate) fn settlement(
    campaign: CampaignId,
    claimed: &Claimed,
    outcome: Outcome,
    status: TargetStatus,
) -> Settlement {
    Settlement {
        call: claimed.planned.call,
        campaign,
        target: claimed.target,
        outcome,
        facts: CallFacts { ended_at: Some(later(30)), ..CallFacts::default() },
        after: AfterCall { status, due_at: None, uses_attempt: true, congested: false },
    }
}
