//! What is true: every noun of the register, with its rules and its table.
//!
//! The only crate that knows the database. Everything goes through [`scope`]: a [`scope::Store`] opens a
//! [`scope::Reader`] or a [`scope::Writer`] for one organisation, and only those can run a query.
//!
//! | Where | What |
//! |---|---|
//! | [`scope`] | the one road to rows: organisation filter, versions, audit, all in one transaction a request |
//! | [`id`] [`secret`] [`stored`] [`clock`] [`page`] [`patch`] [`fault`] [`error`] [`role`] | the small shared words |
//! | [`ahead`] | large changes, worked out before they are opened |
//! | `blocking` | work that takes a processor for long, done on threads of its own |
//! | [`migrations`] [`upgrade`] | the schema, step by step, the same on SQLite and PostgreSQL; what follows by newer rules, derived anew once |
//! | [`archive`] | the whole register of one organisation, to be taken into another database |
//! | [`backup`] [`doctor`] | whole databases: copied and put back, looked at without a change |
//! | one file a noun | its types, its checks, its operations; what would make the file too long is in a folder beside it |

pub mod ahead;
pub mod backup;
mod blocking;
pub mod clock;
pub mod doctor;
pub mod error;
pub mod fault;
pub mod id;
pub mod migrations;
pub mod page;
pub mod patch;
pub mod role;
pub mod scope;
pub mod secret;
pub mod stored;

pub mod api_key;
pub mod archive;
pub mod assessment;
pub mod audit;
pub mod bill_of_materials;
pub mod bulk;
pub mod concentration;
pub mod decision;
pub mod dependency;
pub mod draft;
pub mod due;
pub mod evidence;
pub mod evidence_file;
pub mod first_start;
pub mod idempotency;
pub mod identifier;
pub mod identity_provider;
pub mod import;
pub mod incident;
pub mod invitation;
pub mod merger;
pub mod mfa;
pub mod organisation;
pub mod ourselves;
pub mod password;
pub mod person;
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
mod personal;
pub mod policy;
pub mod product;
pub mod profile;
pub mod published_list;
pub mod questionnaire;
pub mod recipe;
pub mod register;
pub mod respondent;
pub mod respondent_link;
pub mod retention;
pub mod review;
pub mod risk;
pub mod sample;
pub mod session;
pub mod sign_in_policy;
pub mod subject;
pub mod supplier;
pub mod text;
pub mod throttle;
pub mod translation;
pub mod twin;
pub mod upgrade;
pub mod user;
mod web_address;
pub mod what_if;
