//! The campaigns that run.

use std::fmt;

use super::family::Page;
use super::reading::Campaigns;
use crate::campaign::TargetStatus;

pub(super) fn write(page: &mut Page<'_>, campaigns: Option<&Campaigns>) -> fmt::Result {
    let shown = campaigns.map_or(&[][..], |campaigns| &campaigns.shown);
    let mut infos = page.infos("canvass_campaign_info", "The names of running campaigns.")?;
    for (campaign, name, _) in shown {
        infos.info(&[("campaign", campaign), ("name", name)])?;
    }
    let mut targets = page.gauges("canvass_campaign_targets", "Contacts of running campaigns, by status.")?;
    for (campaign, _, tally) in shown {
        for status in TargetStatus::ALL {
            targets.gauge(&[("campaign", campaign), ("status", status.as_str())], tally.target(status))?;
        }
    }
    page.gauge(
        "canvass_campaigns_left_out",
        "Running campaigns without metrics of their own: there are too many.",
        campaigns.map(|campaigns| campaigns.left_out),
    )
}
