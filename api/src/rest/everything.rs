//! The whole register, out and in.

use std::io::{Cursor, Seek as _};

use diligence_entities::{
    ahead::{Ahead, Plan},
    error::Error,
    id::SupplierId,
    scope::{Reader, Writer},
};
use poem_openapi::OpenApi;
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use super::tag::Tag;
use crate::{
    answer::{ArchiveFile, File, Found, Once},
    archive::{self, EverythingReport, Unwritten},
    auth::{Admin, By},
    path::boxed,
    payload::{FileBody, IMPORT_LIMIT},
    problem::{Answer, Creating, Listing, Problem},
    query::Query,
    retry::Retry,
};

/// How to bring a whole register in.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
struct EverythingQuery {
    /// Whether to say only what would happen; `false` if not said.
    dry_run: Option<bool>,
}

pub(crate) struct Api;

#[OpenApi(tag = "Tag::Register")]
impl Api {
    /// Export everything
    ///
    /// The whole register in one ZIP archive, as of one moment: a CSV file for each noun, the rows as they are stored (JSON lines), published questionnaires, the documents behind evidence, and a manifest with the SHA-256 of each part. `POST /register/import` takes it into an empty register, on either kind of database. People, keys, links, drafts and the audit trail are not in it.
    #[oai(path = "/register.zip", method = "get", operation_id = "export_everything", transform = "boxed")]
    async fn export(&self, who: By<Admin>) -> Answer<File<ArchiveFile>, Listing> {
        let file = tempfile::tempfile().map_err(Problem::internal)?;
        let reader = who.read().await?;
        let mut file = archive::write(&reader, file).await.map_err(|error| match error {
            Unwritten::Register(error) => Problem::from(error),
            other => Problem::internal(other),
        })?;
        drop(reader);
        file.rewind().map_err(Problem::internal)?;
        who.exports("register", "register.zip", None).await?;
        let body = poem::Body::from_async_read(tokio::fs::File::from_std(file));
        Ok(File::new("register.zip", "application/zip", body))
    }

    /// Import everything
    ///
    /// Takes what `GET /register.zip` gave, here or elsewhere, into a register in which there are no suppliers yet: all of it or nothing. Ids, versions, moments and the history of decisions stay as they were; the policy becomes that of the archive. One audit event says what was brought in. An id that is in use in this database refuses it, so an organisation beside the one it comes from cannot take it. With `dry_run=true` nothing is changed.
    #[oai(path = "/register/import", method = "post", operation_id = "import_everything", transform = "boxed")]
    async fn import(
        &self,
        who: By<Admin>,
        query: Query<EverythingQuery>,
        body: FileBody<ArchiveFile, IMPORT_LIMIT>,
        retry: Retry,
    ) -> Answer<Once<Found<EverythingReport>>, Creating> {
        // Unpacking is work: other requests need this thread.
        let unpacked = tokio::task::spawn_blocking(move || archive::unpack(Cursor::new(body.bytes)))
            .await
            .map_err(Problem::internal)?
            .map_err(Problem::invalid)?;
        let is_dry = query.dry_run.unwrap_or_default();
        let told = if is_dry {
            // It is done and then dropped: nothing else says what would become of it.
            let writer = who.write().await?;
            Some(archive::bring_in(&writer, &unpacked, true).await?)
        } else {
            None
        };
        retry
            .once_ahead(&who, Bringing { is_dry }, async |_, _, writer| match (told, writer) {
                (None, Some(writer)) => Ok(Found(archive::bring_in(writer, &unpacked, false).await?)),
                (Some(told), _) => Ok(Found(told)),
                (None, None) => Err(Error::Busy),
            })
            .await
    }
}

/// A change that is worked out while it is made: the register is empty, so that it holds nobody up.
struct Bringing {
    is_dry: bool,
}

impl Ahead for Bringing {
    type Plan = Self;
    async fn plan(&self, _reader: &Reader) -> Result<Self, Error> {
        Ok(Self { is_dry: self.is_dry })
    }
}

impl Plan for Bringing {
    fn asks_for_change(&self) -> bool {
        !self.is_dry
    }
    async fn holds(&self, _writer: &Writer, _changed: &std::collections::BTreeSet<SupplierId>) -> Result<bool, Error> {
        Ok(true)
    }
}
