//! canvass: a self-hosted outbound campaign engine for FreeSWITCH and Asterisk.
//!
//! | module | holds |
//! |---|---|
//! | [`api`] | the HTTP API, one file per resource |
//! | [`access`] | who may use it: keys, roles, scopes (pure) |
//! | [`agent`] | AI agents: what they are and may be (pure) |
//! | [`number`] | phone numbers: E.164, parsed once at the edge |
//! | [`campaign`] | the rules of a campaign: states, settings, launch checks, retry (pure) |
//! | [`contact`] | contact lists: CSV reading, variables |
//! | [`call`] | one call as a state machine, and how it ended (pure) |
//! | [`caller_id`] | our own numbers: limits, figures, health, nearness (pure) |
//! | [`audio`] | sound: uploads become what a switch plays; what is heard on a call (pure) |
//! | [`cli`] | the command line, one file per command |
//! | [`compliance`] | the gate every call passes: do-not-call, hours, caps (pure) |
//! | [`config`] | what `canvass.toml` may say |
//! | [`control`] | a campaign's life: create, launch, pause, resume, cancel |
//! | [`dialer`] | the dialing engine: claims, paces, runs calls, settles, recovers |
//! | [`media`] | the media library: sounds by name, kept as both switches play them |
//! | [`settings`] | what holds for the whole installation and changes while it runs |
//! | [`survey`] | questions answered by key or by speaking, with branches (pure) |
//! | [`uploads`] | the contact lists that were uploaded, kept as they came |
//! | [`switch`] | what the dialer needs of a PBX, its two adapters and their simulators |
//! | [`live`] | what happens now, for whoever watches (pure) |
//! | [`webhook`] | others are told what happened |
//! | [`guard`] | where the daemon may connect to |
//! | [`audit`] | who did what |
//! | `audit_export` | all that is known of one number, as CSV and JSON |
//! | `report` | reports as CSV, safe to open in a spreadsheet |
//! | `url_key` | what signed links are signed with |
//! | [`store`] | what the rest needs of a database, on SQLite and Postgres |
//! | [`clock`] | wall time, from one place |
//! | [`histogram`] | how long things take, counted without a lock |
//! | [`metrics`] | what is measured, for Prometheus |

pub mod access;
pub mod agent;
pub mod api;
pub mod audio;
pub mod audit;
mod audit_export;
pub mod call;
pub mod caller_id;
pub mod campaign;
pub mod cli;
pub mod clock;
pub mod compliance;
pub mod config;
pub mod contact;
pub mod control;
pub mod dialer;
pub mod guard;
pub mod histogram;
pub mod live;
pub mod media;
pub mod metrics;
pub mod number;
mod report;
pub mod settings;
pub mod store;
pub mod survey;
pub mod switch;
pub mod uploads;
mod url_key;
pub mod webhook;
