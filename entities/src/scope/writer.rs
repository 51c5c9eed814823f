//! A change to one organisation's rows: each row with its version and its audit event, all of them or none.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait as _, DbBackend, DbErr,
    EntityName as _, EntityTrait, InsertMany, IntoActiveModel, Iterable as _, QueryFilter, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Alias, Expr, ExprTrait as _, OnConflict},
};
use serde_json::Value;

use super::{Belongs, Owned, PORTION, Reader, connection::Transaction, revision::Written};
use crate::{
    audit,
    clock::Day,
    error::Error,
    id::SupplierId,
    page,
    personal::{self, Forgotten},
    register::counts::{self, Counted},
};

/// From how many rows on written at once a table is another than it was, and a change is not known by its rows.
const MANY: usize = 1000;

/// A change to one organisation's rows, all or nothing.
#[derive(Debug)]
pub struct Writer {
    pub(super) reader: Reader,
    events: Mutex<Vec<audit::Draft>>,
    touched: Mutex<BTreeSet<SupplierId>>,
    written: Mutex<Written>,
    unnamed: Mutex<Vec<Forgotten>>,
    /// The events of before its turn, whose people are sealed.
    sealed: Mutex<Vec<audit::Draft>>,
    /// The tables that very many rows were written to.
    grown: Mutex<BTreeSet<String>>,
    /// By how much the counts of what is due change, by kind and day.
    counted: Mutex<BTreeMap<(String, Day), i64>>,
    /// By how much the counts of the register's lines change.
    counted_lines: Mutex<Counted>,
    /// Before its turn: the tables that rows are kept aside for, in order.
    early: Option<Mutex<Vec<String>>>,
}

impl std::ops::Deref for Writer {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Writer {
    pub(super) fn new(reader: Reader) -> Self {
        Self {
            reader,
            events: Mutex::default(),
            touched: Mutex::default(),
            written: Mutex::default(),
            unnamed: Mutex::default(),
            sealed: Mutex::default(),
            grown: Mutex::default(),
            counted: Mutex::default(),
            counted_lines: Mutex::default(),
            early: None,
        }
    }

    /// One of before its turn.
    pub(super) fn early(reader: Reader) -> Self {
        Self { early: Some(Mutex::default()), ..Self::new(reader) }
    }

    /// Waits until nobody else changes anything in the organisation, and puts what was added early where it belongs.
    /// What was looked at early may have changed.
    pub(crate) async fn take_turn(&mut self) -> Result<(), Error> {
        let mut drafts = std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        personal::seal(self, &self.scope.actor, &[], &mut drafts).await?;
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).extend(drafts);
        let Some(early) = self.early.take() else { return Ok(()) };
        if self.transaction.get_database_backend() == DbBackend::Postgres {
            self.wait_for_others().await?;
            return Ok(());
        }
        self.transaction.begin_in_turn(&self.store.writers, "BEGIN IMMEDIATE").await?;
        for table in early.into_inner().unwrap_or_else(PoisonError::into_inner) {
            self.transaction
                .execute_unprepared(&format!("INSERT INTO \"{table}\" SELECT * FROM temp.\"early_{table}\""))
                .await?;
        }
        Ok(())
    }

    /// On PostgreSQL, one writer at a time in an organisation, as SQLite has it anyway: what a change reads before it
    /// writes stays true until it is saved, the register's lines follow from everything that was saved, and the audit
    /// chain has one order.
    pub(super) async fn wait_for_others(&self) -> Result<(), Error> {
        self.one(self.find::<audit::head::Entity>().lock_exclusive()).await?;
        Ok(())
    }

    /// Adds rows that are not there.
    async fn add<A: ActiveModelTrait>(&self, insert: InsertMany<A>) -> Result<(), Error> {
        let Some(early) = self.early.as_ref().filter(|_| self.transaction.get_database_backend() == DbBackend::Sqlite)
        else {
            insert.exec_without_returning(&self.transaction).await?;
            return Ok(());
        };
        let table = <A::Entity as Default>::default().table_name().to_owned();
        let aside = format!("early_{table}");
        if !early.lock().unwrap_or_else(PoisonError::into_inner).contains(&table) {
            self.transaction
                .execute_unprepared(&format!("CREATE TEMP TABLE \"{aside}\" AS SELECT * FROM \"{table}\" WHERE false"))
                .await?;
            early.lock().unwrap_or_else(PoisonError::into_inner).push(table);
        }
        let mut statement = insert.into_query();
        statement.into_table(Alias::new(aside));
        self.transaction.execute(&statement).await?;
        Ok(())
    }

    /// The transaction of a change that has its turn.
    pub(super) fn in_turn(&self) -> Result<&Transaction, Error> {
        if self.early.is_some() {
            return Err(Error::Database(DbErr::Custom(
                "a writer that was opened early can only insert until it takes its turn".into(),
            )));
        }
        Ok(&self.transaction)
    }

    /// Says that very many rows will be written. PostgreSQL checks each for what it points to, by a plan that it made
    /// when the table may have been empty: it makes another.
    pub(crate) async fn expect_many(&self) -> Result<(), Error> {
        if self.transaction.get_database_backend() == DbBackend::Postgres {
            self.transaction.execute_unprepared("DISCARD PLANS").await?;
        }
        Ok(())
    }

    fn note_growth<E: EntityTrait>(&self, count: usize) {
        if count >= MANY {
            self.grown.lock().unwrap_or_else(PoisonError::into_inner).insert(E::default().table_name().to_owned());
        }
    }

    /// Marks a supplier whose line in the register must be made anew when this is saved.
    pub(crate) fn touch(&self, supplier_id: &SupplierId) {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).insert(supplier_id.clone());
    }

    /// The lines of these suppliers have been made already, from all that this change has written.
    pub(crate) fn leave_alone<'a>(&self, suppliers: impl IntoIterator<Item = &'a SupplierId>) {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        for supplier_id in suppliers {
            touched.remove(supplier_id);
        }
    }

    /// The counts of what is due change by this much when this is saved.
    pub(crate) fn count(&self, counted: BTreeMap<(String, Day), i64>) {
        let mut all = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, by) in counted {
            *all.entry(key).or_default() += by;
        }
    }

    /// The counts of the register's lines change by this much when this is saved.
    pub(crate) fn count_lines(&self, counted: Counted) {
        let mut all = self.counted_lines.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, by) in counted {
            *all.entry(key).or_default() += by;
        }
    }

    /// Adds rows of a table that counts; where `key` is there already, its `count` grows by the row's.
    #[expect(clippy::disallowed_methods, reason = "the one place that adds the organisation")]
    pub(crate) async fn add_up<E, A>(
        &self,
        mut rows: Vec<E::Model>,
        key: &[E::Column],
        count: E::Column,
    ) -> Result<(), Error>
    where
        E: Belongs,
        E::Model: IntoActiveModel<A> + Clone + Sync,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        for row in &mut rows {
            E::claim(row, &self.scope.organisation_id);
        }
        self.note_written_unnamed::<E>();
        for portion in rows.chunks(PORTION) {
            let insert = E::insert_many(portion.iter().map(|row| row.clone().into_active_model().reset_all()));
            let sum = Expr::col(count.as_column_ref()).add(Expr::col(("excluded", count)));
            let more = OnConflict::columns(key.iter().copied()).value(count, sum).to_owned();
            insert.on_conflict(more).exec_without_returning(self.in_turn()?).await?;
        }
        Ok(())
    }

    /// The events of this change keep nothing of them that could be read later.
    pub(crate) fn leave_unnamed(&self, forgotten: Forgotten) {
        self.unnamed.lock().unwrap_or_else(PoisonError::into_inner).push(forgotten);
    }

    /// Notes that something happened; written when this is saved. Rows note themselves.
    pub(crate) fn note(
        &self,
        action: &'static str,
        noun: &'static str,
        item_id: &str,
        before: Option<Value>,
        after: Option<Value>,
    ) {
        self.note_about(audit::About::default(), action, noun, item_id, before, after);
    }

    /// Notes that something happened which belongs to the history of a supplier or product; written when this is saved.
    pub(crate) fn note_about(
        &self,
        about: audit::About,
        action: &'static str,
        noun: &'static str,
        item_id: &str,
        before: Option<Value>,
        after: Option<Value>,
    ) {
        let draft = audit::Draft { about, action, noun, item_id: item_id.to_owned(), before, after };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(draft);
    }

    /// Stamps a row that takes the place of another, and notes that it does.
    fn note_replacement<E: Owned>(
        &self,
        action: &'static str,
        before: &E::Model,
        after: &mut E::Model,
        more: Option<(&str, Value)>,
    ) {
        use page::Versioned as _;
        E::claim(after, &self.scope.organisation_id);
        E::stamp(after, before.version() + 1, self.now);
        let (was, mut is) = audit::difference(serde_json::to_value(before).ok(), serde_json::to_value(&*after).ok());
        if let (Value::Object(fields), Some((name, value))) = (&mut is, more) {
            fields.insert(name.to_owned(), value);
        }
        self.note_about(audit::About::of::<E>(after), action, E::NOUN, before.id(), Some(was), Some(is));
        self.note_written([before.id()]);
        self.touch_row::<E>(before);
        self.touch_row::<E>(after);
    }

    /// Notes which rows are written, so that what was made of others is known to stand.
    fn note_written<'a>(&self, ids: impl IntoIterator<Item = &'a str>) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.any = true;
        if !written.everything {
            written.ids.extend(ids.into_iter().map(str::to_owned));
            if written.ids.len() > MANY {
                written.everything = true;
                written.ids.clear();
            }
        }
    }

    /// Notes that rows are written of which nobody says which they are. Answers of single rows are of what has a version.
    fn note_written_unnamed<E: EntityTrait>(&self) {
        use sea_orm::IdenStatic as _;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.any = true;
        written.everything |= E::Column::iter().any(|column| column.as_str() == "version");
    }

    fn touch_row<E: Owned>(&self, row: &E::Model) {
        if let Some(supplier_id) = E::supplier_id(row) {
            self.touch(supplier_id);
        }
    }

    /// Adds a row, at version 1.
    pub(crate) async fn insert<E, A>(&self, row: E::Model) -> Result<E::Model, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        Ok(self.insert_all::<E, A>(vec![row]).await?.remove(0))
    }

    /// Adds rows, each at version 1.
    #[expect(clippy::disallowed_methods, reason = "the one place that adds the organisation")]
    pub(crate) async fn insert_all<E, A>(&self, mut rows: Vec<E::Model>) -> Result<Vec<E::Model>, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        use page::Versioned as _;
        for row in &mut rows {
            E::claim(row, &self.scope.organisation_id);
            E::stamp(row, 1, self.now);
            self.note_about(
                audit::About::of::<E>(row),
                "create",
                E::NOUN,
                row.id(),
                None,
                serde_json::to_value(&*row).ok(),
            );
            self.touch_row::<E>(row);
        }
        self.note_growth::<E>(rows.len());
        self.note_written(rows.iter().map(|row| row.id()));
        for portion in rows.chunks(PORTION) {
            self.add(E::insert_many(portion.iter().map(|row| row.clone().into_active_model().reset_all()))).await?;
        }
        Ok(rows)
    }

    /// Puts `after` in the place of `before`, which this writer has read, unless it has been changed since.
    pub(crate) async fn replace<E, A>(
        &self,
        action: &'static str,
        before: &E::Model,
        after: E::Model,
    ) -> Result<E::Model, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        self.replace_and_tell::<E, A>(action, before, after, None).await
    }

    /// As [`Writer::replace`]; the event tells this too, by its name, beside the fields that changed.
    pub(crate) async fn replace_and_tell<E, A>(
        &self,
        action: &'static str,
        before: &E::Model,
        mut after: E::Model,
        more: Option<(&str, Value)>,
    ) -> Result<E::Model, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        use page::Versioned as _;
        self.note_replacement::<E>(action, before, &mut after, more);
        #[expect(clippy::disallowed_methods, reason = "the organisation and the version are in the filter")]
        let done = E::update_many()
            .set(after.clone().into_active_model().reset_all())
            .filter(E::ID.eq(before.id()))
            .filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()))
            .filter(E::VERSION.eq(before.version()))
            .exec(self.in_turn()?)
            .await?;
        if done.rows_affected == 1 { Ok(after) } else { Err(Error::Stale { current: before.version() }) }
    }

    /// Puts each second in the place of the first, which this writer has read, unless one has been changed since.
    pub(crate) async fn replace_all<E, A>(
        &self,
        action: &'static str,
        mut changes: Vec<(E::Model, E::Model)>,
    ) -> Result<Vec<E::Model>, Error>
    where
        E: Owned,
        E::Model: IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        use page::Versioned as _;
        use sea_orm::IdenStatic as _;
        if changes.len() == 1
            && let Some((before, after)) = changes.pop()
        {
            return Ok(vec![self.replace::<E, A>(action, &before, after).await?]);
        }
        for (before, after) in &mut changes {
            self.note_replacement::<E>(action, before, after, None);
        }
        let others: Vec<E::Column> = E::Column::iter().filter(|column| column.as_str() != E::ID.as_str()).collect();
        let new = |column: E::Column| Expr::col(("excluded", column));
        let own = |column: E::Column| Expr::col(column.as_column_ref());
        for portion in changes.chunks(PORTION) {
            #[expect(clippy::disallowed_methods, reason = "the organisation and the version are in the condition")]
            let insert = E::insert_many(portion.iter().map(|(_, after)| after.clone().into_active_model().reset_all()));
            // Each row is there, so that none is added; one statement for many takes a tenth of the time.
            let mut instead = OnConflict::column(E::ID);
            instead.update_columns(others.iter().copied());
            instead.action_and_where(own(E::ORGANISATION_ID).eq(new(E::ORGANISATION_ID)));
            instead.action_and_where(own(E::VERSION).eq(new(E::VERSION).sub(1)));
            let done = insert.on_conflict(instead).exec_without_returning(self.in_turn()?).await?;
            if done != portion.len() as u64 {
                return Err(Error::Stale { current: portion.first().map_or(0, |(before, _)| before.version()) });
            }
        }
        Ok(changes.into_iter().map(|(_, after)| after).collect())
    }

    /// Takes away a row that this writer has read.
    pub(crate) async fn remove<E: Owned>(&self, row: &E::Model) -> Result<(), Error> {
        use page::Versioned as _;
        self.note_about(audit::About::of::<E>(row), "delete", E::NOUN, row.id(), serde_json::to_value(row).ok(), None);
        self.touch_row::<E>(row);
        self.note_written([row.id()]);
        let this = Condition::all().add(E::ID.eq(row.id())).add(E::VERSION.eq(row.version()));
        let gone = self.clear_noted::<E>(this).await?;
        if gone == 1 { Ok(()) } else { Err(Error::Stale { current: row.version() }) }
    }

    /// Sets columns that follow from other rows, without a new version: no one's edit may fail for it.
    #[expect(clippy::disallowed_methods, reason = "the organisation is in the filter")]
    pub(crate) async fn set_derived<E: Owned>(
        &self,
        id: &str,
        columns: impl IntoIterator<Item = (E::Column, sea_orm::Value)>,
    ) -> Result<(), Error> {
        let mut update =
            E::update_many().filter(E::ID.eq(id)).filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()));
        for (column, value) in columns {
            update = update.col_expr(column, sea_orm::sea_query::Expr::value(value));
        }
        self.note_written([id]);
        update.exec(self.in_turn()?).await?;
        Ok(())
    }

    /// Sets columns of many rows that follow from other rows, to the same values, without new versions.
    #[expect(clippy::disallowed_methods, reason = "the organisation is in the filter")]
    pub(crate) async fn set_derived_of_all<E: Owned>(
        &self,
        ids: &[String],
        columns: &[(E::Column, sea_orm::Value)],
    ) -> Result<(), Error> {
        self.note_written(ids.iter().map(String::as_str));
        for portion in ids.chunks(PORTION) {
            let ids = portion.iter().map(String::as_str);
            let mut update = E::update_many()
                .filter(E::ID.is_in(ids))
                .filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()));
            for (column, value) in columns {
                update = update.col_expr(*column, Expr::value(value.clone()));
            }
            update.exec(self.in_turn()?).await?;
        }
        Ok(())
    }

    /// Sets a column to another text in the rows of these keys where it has this one, without versions or events: for
    /// what goes over to another supplier or product. Says in how many.
    #[expect(clippy::disallowed_methods, reason = "the organisation is in the filter")]
    pub(crate) async fn redirect<E: Belongs>(
        &self,
        (key, keys): (E::Column, &[String]),
        column: E::Column,
        from: &str,
        to: &str,
    ) -> Result<u64, Error> {
        let mut count = 0;
        self.note_written_unnamed::<E>();
        for portion in keys.chunks(PORTION) {
            let update = E::update_many()
                .filter(key.is_in(portion.iter().map(String::as_str)))
                .filter(column.eq(from))
                .filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()))
                .col_expr(column, Expr::value(to));
            count += update.exec(self.in_turn()?).await?.rows_affected;
        }
        Ok(count)
    }

    /// Gives rows that went over, or came back, a new version and this time, without events.
    #[expect(clippy::disallowed_methods, reason = "the organisation is in the filter")]
    pub(crate) async fn renew<E: Belongs>(
        &self,
        (key, keys): (E::Column, &[String]),
        (version, updated_at): (E::Column, E::Column),
    ) -> Result<(), Error> {
        self.note_written_unnamed::<E>();
        for portion in keys.chunks(PORTION) {
            let update = E::update_many()
                .filter(key.is_in(portion.iter().map(String::as_str)))
                .filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()))
                .col_expr(version, Expr::col(version.as_column_ref()).add(1))
                .col_expr(updated_at, Expr::value(sea_orm::Value::from(self.now)));
            update.exec(self.in_turn()?).await?;
        }
        Ok(())
    }

    /// Adds rows of a table that follows from others and so is not audited; where `key` is there already, its row is
    /// replaced.
    #[expect(clippy::disallowed_methods, reason = "the one place that adds the organisation")]
    pub(crate) async fn put_all<E, A>(&self, mut rows: Vec<E::Model>, key: &[E::Column]) -> Result<(), Error>
    where
        E: Belongs,
        E::Model: IntoActiveModel<A> + Clone + Sync,
        A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        for row in &mut rows {
            E::claim(row, &self.scope.organisation_id);
        }
        self.note_growth::<E>(rows.len());
        self.note_written_unnamed::<E>();
        use sea_orm::IdenStatic as _;
        let others: Vec<E::Column> =
            E::Column::iter().filter(|column| !key.iter().any(|part| part.as_str() == column.as_str())).collect();
        for portion in rows.chunks(PORTION) {
            let insert = E::insert_many(portion.iter().map(|row| row.clone().into_active_model().reset_all()));
            if key.is_empty() {
                self.add(insert).await?;
            } else {
                let replaced =
                    OnConflict::columns(key.iter().copied()).update_columns(others.iter().copied()).to_owned();
                insert.on_conflict(replaced).exec_without_returning(self.in_turn()?).await?;
            }
        }
        Ok(())
    }

    /// Takes away this organisation's rows that meet `condition`, without audit: for tables that follow from others.
    /// Says how many.
    pub(crate) async fn clear<E: Belongs>(&self, condition: Condition) -> Result<u64, Error> {
        self.note_written_unnamed::<E>();
        self.clear_noted::<E>(condition).await
    }

    #[expect(clippy::disallowed_methods, reason = "the organisation is in the filter")]
    async fn clear_noted<E: Belongs>(&self, condition: Condition) -> Result<u64, Error> {
        let done = E::delete_many()
            .filter(E::ORGANISATION_ID.eq(self.scope.organisation_id.clone()))
            .filter(condition)
            .exec(self.in_turn()?)
            .await?;
        Ok(done.rows_affected)
    }

    /// Makes the register's lines of what changed anew, writes the audit events, and commits: after this the change
    /// outlives a power cut.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`]; then nothing was changed.
    pub async fn save(self) -> Result<(), Error> {
        self.in_turn()?;
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        crate::register::refresh(&self, touched).await?;
        let nouns: Vec<&'static str> =
            self.events.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|draft| draft.noun).collect();
        crate::due::house::follow(&self, &nouns).await?;
        let counted = std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner));
        crate::due::count_up(&self, counted).await?;
        let counted = std::mem::take(&mut *self.counted_lines.lock().unwrap_or_else(PoisonError::into_inner));
        counts::count_up(&self, counted).await?;
        let mut drafts = std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        let changed_keys: Vec<String> =
            drafts.iter().filter(|draft| draft.noun == "api_key").map(|draft| draft.item_id.clone()).collect();
        let mut sealed = std::mem::take(&mut *self.sealed.lock().unwrap_or_else(PoisonError::into_inner));
        let mut actor_name = String::new();
        if !drafts.is_empty() || !sealed.is_empty() {
            let unnamed = std::mem::take(&mut *self.unnamed.lock().unwrap_or_else(PoisonError::into_inner));
            actor_name = personal::seal(&self, &self.scope.actor, &unnamed, &mut drafts).await?;
            sealed.extend(drafts);
        }
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        if written.any || !sealed.is_empty() {
            self.move_on(&actor_name, sealed, written).await?;
        }
        let Reader { transaction, store, .. } = self.reader;
        let (grown, after) = (self.grown.into_inner().unwrap_or_else(PoisonError::into_inner), store.clone());
        // In a task of its own: a caller who goes away between the two must not leave a key remembered that was
        // revoked.
        let saving = tokio::spawn(async move {
            let done = transaction.commit().await;
            // Only now: whoever looked a key up while this was under way has remembered it as it was.
            store.keys.forget(changed_keys.iter().map(String::as_str));
            done
        });
        saving.await.map_err(|error| Error::Database(DbErr::Custom(error.to_string())))??;
        after.count_again(&grown).await;
        Ok(())
    }

    /// Moves the end of the audit chain on: past the events of this change, or by its count where there are none.
    async fn move_on(&self, actor_name: &str, sealed: Vec<audit::Draft>, mut written: Written) -> Result<(), Error> {
        let head = self.one(self.find::<audit::head::Entity>()).await?;
        let before = head.unwrap_or_else(|| audit::head::Model::start(&self.scope.organisation_id));
        let mut after = before.clone();
        if sealed.is_empty() {
            // Whoever else counts on from there comes to the same end: whose change it was cannot be told from it.
            written.everything = true;
            after.revision += 1;
        } else {
            let (events, end) =
                audit::chain(&self.reader, before.clone(), actor_name, sealed, |now| self.store.mint(now));
            self.put_all::<audit::Entity, audit::ActiveModel>(events, &[]).await?;
            after = end;
        }
        self.put_all::<audit::head::Entity, audit::head::ActiveModel>(
            vec![after.clone()],
            &[audit::head::Column::OrganisationId],
        )
        .await?;
        self.store.revisions.announce(before, after, written);
        Ok(())
    }
}
