//! The store on Postgres.
#![allow(missing_docs, unused_variables)]

use jiff::Timestamp;

use super::StoreError;
use super::model::*;
use crate::call::CallId;
use crate::campaign::{CampaignId, Settings, TargetStatus};
use crate::contact::NewContact;
use crate::number::PhoneNumber;

#[derive(Clone, Debug)]
pub struct Postgres;

#[derive(Debug)]
pub struct Lock;

impl Lock {
    pub async fn renew(&mut self) -> Result<(), StoreError> {
        unimplemented!()
    }
}

impl Postgres {
    pub async fn open(url: &secrecy::SecretString) -> Result<Self, StoreError> {
        unimplemented!()
    }
    pub async fn dialing_lock(&self, owner: &str) -> Result<Lock, StoreError> {
        unimplemented!()
    }
    pub async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        unimplemented!()
    }
    pub async fn ping(&self) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub async fn create_campaign(
        &self,
        id: CampaignId,
        name: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        unimplemented!()
    }
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        unimplemented!()
    }
    pub async fn active_campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        unimplemented!()
    }
    pub async fn change_status(
        &self,
        id: CampaignId,
        change: &StatusChange,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        unimplemented!()
    }
    pub async fn set_settings(
        &self,
        id: CampaignId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        unimplemented!()
    }
    pub async fn add_targets(
        &self,
        campaign: CampaignId,
        contacts: &[NewContact],
        now: Timestamp,
    ) -> Result<Added, StoreError> {
        unimplemented!()
    }
    pub async fn tally(&self, campaign: CampaignId) -> Result<Tally, StoreError> {
        unimplemented!()
    }
    pub async fn remaining(&self, campaign: CampaignId) -> Result<Remaining, StoreError> {
        unimplemented!()
    }
    pub async fn target_by_number(
        &self,
        campaign: CampaignId,
        number: PhoneNumber,
    ) -> Result<Option<(TargetStatus, u32, Option<Timestamp>)>, StoreError> {
        unimplemented!()
    }
    pub async fn commit(&self, batch: &LedgerBatch, now: Timestamp) -> Result<Vec<ClaimResult>, StoreError> {
        unimplemented!()
    }
    pub async fn open_calls(&self) -> Result<Vec<OpenCall>, StoreError> {
        unimplemented!()
    }
    pub async fn calls_page(
        &self,
        campaign: CampaignId,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        unimplemented!()
    }
    pub async fn add_numbers(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub async fn numbers(&self) -> Result<Vec<OwnNumber>, StoreError> {
        unimplemented!()
    }
    pub async fn set_number_active(&self, number: PhoneNumber, active: bool) -> Result<bool, StoreError> {
        unimplemented!()
    }
    pub async fn add_do_not_call(&self, entry: &DoNotCall) -> Result<(), StoreError> {
        unimplemented!()
    }
    pub async fn do_not_call(&self, number: PhoneNumber) -> Result<Option<DoNotCall>, StoreError> {
        unimplemented!()
    }
    pub async fn remove_do_not_call(&self, number: PhoneNumber) -> Result<bool, StoreError> {
        unimplemented!()
    }
    pub async fn close(&self) {
        unimplemented!()
    }
}
