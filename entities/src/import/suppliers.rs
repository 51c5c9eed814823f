//! Rows about suppliers, with the identifiers, the contacts and contracts, the evidence and the looks that come with
//! them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(super) use self::work::{SupplierWork, write_suppliers};
use self::{draft::SupplierDraft, work::Addition};
use super::{
    Asked, How, ImportPlan, Keep, Outcome, Row, SameAs, Seen, ToHold, Verdict, Work, blame, expect_few,
    fields::Fields,
    sameness::{Earlier, There},
    went_into,
};
use crate::{
    error::Error,
    fault::Fault,
    id::SupplierId,
    identifier::Identifier,
    merger, policy,
    register::Known,
    review::Looked,
    scope::{PORTION, Reader},
    subject::SubjectType,
    supplier::{self, NewSupplier, Supplier},
    twin::Index,
};

mod draft;
mod pieces;
mod work;

/// Works out what bringing in suppliers comes to: by `id`, else by any identifier that a supplier holds, else by the
/// name as people compare names, else as new ones.
///
/// # Errors
/// [`Error::Invalid`] for more than [`super::MAXIMUM_ROWS`]; what is wrong with a row is in its outcome.
pub async fn suppliers(reader: &Reader, rows: &[Row], how: impl Into<How> + Send) -> Result<ImportPlan, Error> {
    let how: How = how.into();
    expect_few(rows)?;
    let fields = Fields::of::<NewSupplier>();
    let mut drafts: Vec<SupplierDraft> = rows.iter().cloned().map(SupplierDraft::new).collect();

    let given: BTreeSet<Identifier> =
        drafts.iter().flat_map(|draft| draft.given.iter().map(|given| given.identifier.clone())).collect();
    let holders = supplier::holders(reader, &given).await?;
    let compared_names = find_names(reader, &mut drafts, &holders).await?;
    let stored = load(reader, &drafts, &holders).await?;
    let held: HashMap<&str, &[Identifier]> =
        stored.iter().map(|(id, row)| (id.as_str(), row.identifiers.0.as_slice())).collect();
    let taken = taken(reader, &drafts, &stored, how).await?;
    let unknown: Vec<String> = drafts
        .iter()
        .filter_map(|draft| draft.id.as_ref().filter(|id| !stored.contains_key(*id)).map(ToString::to_string))
        .collect();
    let went = merger::went(reader, &unknown).await?;
    let looked = look(reader, &drafts, &holders, &stored).await?;
    let policy = policy::read(reader).await?;

    let mut seen = Seen::default();
    let mut earlier = Earlier::default();
    let mut first_with: HashMap<Identifier, String> = HashMap::new();
    for (index, draft) in drafts.iter_mut().enumerate() {
        if index % PORTION == 0 {
            // It is work: others need this thread.
            tokio::task::yield_now().await;
        }
        match draft.id.as_ref().and_then(|id| went.get(id.as_str())) {
            Some(kept_id) => blame(&mut draft.faults, went_into(kept_id)),
            None => draft.find_target(&holders, &stored, taken.as_ref()),
        }
        draft.find_by_name(&held, &stored, &mut earlier);
        let key = draft.target.as_ref().map(|target| &target.id).or(draft.new_id.as_ref());
        if let Some(key) = key {
            seen.note(key.as_str(), &draft.place, "supplier", draft.pointer_of_target.as_deref(), &mut draft.faults);
        }
        for given in &draft.given {
            match first_with.get(&given.identifier) {
                Some(other) if *other != draft.place => blame(
                    &mut draft.faults,
                    Fault::new(
                        &given.pointer,
                        "duplicate",
                        format!("expected each identifier on one row only: {other} has {} too", given.identifier),
                    ),
                ),
                Some(_) => {}
                None => {
                    first_with.insert(given.identifier.clone(), draft.place.clone());
                }
            }
        }
        draft.build(&fields);
        draft.find_looks(reader.today(), &looked, &policy);
    }
    pieces::plan(reader, &mut drafts).await?;
    refuse_held(&mut drafts, &holders, how);

    let outcomes: Vec<Outcome> = drafts.iter_mut().map(|draft| draft.outcome(&fields)).collect();
    let asked = Asked {
        suppliers: stored.into_keys().collect(),
        identifiers: given,
        supplier_names: BTreeSet::new(),
        compared_names,
        policy_version: policy.version,
    };
    if !how.writes(&outcomes) {
        return Ok(ImportPlan { outcomes, asked, work: None });
    }
    let mut work = SupplierWork::default();
    for (index, (draft, outcome)) in drafts.into_iter().zip(&outcomes).enumerate() {
        if !matches!(outcome.verdict, Verdict::Create | Verdict::Change) {
            continue;
        }
        let Some(new) = draft.new else { continue };
        match draft.target {
            Some(before) => {
                work.evidence.extend(draft.new_evidence.into_iter().map(|new| (before.id.clone(), new)));
                if !draft.look_moves.is_empty() {
                    work.looks.push((before.clone(), draft.looks));
                }
                if supplier::differs(&before, &new) {
                    work.changes.push((before, new));
                }
            }
            None => work.additions.push(Addition {
                index,
                id: draft.new_id,
                new,
                evidence: draft.new_evidence,
                looks: draft.looks,
            }),
        }
        work.changed_evidence.extend(draft.changed_evidence);
    }
    let known = Known::load(reader, work.alone()).await?;
    Ok(ImportPlan { outcomes, asked, work: Some(Work::Suppliers(Box::new(work), known)) })
}

/// Looks the names up of those rows that are found by nothing else; gives those names, as they are compared.
async fn find_names(
    reader: &Reader,
    drafts: &mut [SupplierDraft],
    holders: &BTreeMap<Identifier, SupplierId>,
) -> Result<BTreeSet<String>, Error> {
    let mut asked = BTreeSet::new();
    let mut unknown: Vec<&mut SupplierDraft> =
        drafts.iter_mut().filter(|draft| draft.is_found_by_name(holders)).collect();
    if unknown.is_empty() {
        return Ok(asked);
    }
    let index = Index::load(reader, SubjectType::Supplier).await?;
    for (number, draft) in unknown.iter_mut().enumerate() {
        if number % PORTION == 0 {
            tokio::task::yield_now().await;
        }
        draft.there = There::find(&index, &draft.compared);
        asked.insert(draft.compared.clone());
    }
    Ok(asked)
}

/// The suppliers that rows are about, or may be.
async fn load(
    reader: &Reader,
    drafts: &[SupplierDraft],
    holders: &BTreeMap<Identifier, SupplierId>,
) -> Result<HashMap<SupplierId, Supplier>, Error> {
    let said = drafts.iter().filter_map(|draft| match &draft.same_as {
        Some(SameAs::Known(id)) => Some(id.clone()),
        _ => None,
    });
    let ids: BTreeSet<String> = drafts
        .iter()
        .filter_map(|draft| draft.id.as_ref())
        .chain(holders.values())
        .map(ToString::to_string)
        .chain(drafts.iter().flat_map(|draft| draft.there.ids().map(str::to_owned)))
        .chain(said)
        .collect();
    let rows = reader.get_many::<supplier::Entity>(&ids).await?;
    Ok(rows.into_iter().filter(|row| !row.is_ourselves).map(|row| (row.id.clone(), row)).collect())
}

/// The ids that rows give, that nothing of ours has and something else does; none where unknown ids are faults anyway.
async fn taken(
    reader: &Reader,
    drafts: &[SupplierDraft],
    stored: &HashMap<SupplierId, Supplier>,
    how: How,
) -> Result<Option<BTreeSet<String>>, Error> {
    if !how.keep_ids {
        return Ok(None);
    }
    let unknown = drafts.iter().filter_map(|draft| draft.id.as_ref()).filter(|id| !stored.contains_key(*id));
    let unknown: BTreeSet<String> = unknown.map(ToString::to_string).collect();
    Ok(Some(reader.ids_of_anyone::<supplier::Entity>(&unknown).await?))
}

/// What is known of looks at the suppliers of rows that tell of some.
async fn look(
    reader: &Reader,
    drafts: &[SupplierDraft],
    holders: &BTreeMap<Identifier, SupplierId>,
    stored: &HashMap<SupplierId, Supplier>,
) -> Result<Looked, Error> {
    let mut ids = BTreeSet::new();
    for draft in drafts.iter().filter(|draft| !draft.looks.is_empty()) {
        ids.extend(draft.id.clone());
        ids.extend(draft.given.iter().filter_map(|given| holders.get(&given.identifier)).cloned());
        ids.extend(draft.there.ids().filter_map(|id| id.parse().ok()));
        if let Some(SameAs::Known(id)) = &draft.same_as {
            ids.extend(id.parse::<SupplierId>().ok());
        }
    }
    let ids: Vec<SupplierId> = ids.into_iter().filter(|id| stored.contains_key(id)).collect();
    Looked::load(reader, &ids).await
}

/// Refuses rows whose identifiers another supplier holds. One may come from a supplier that gives it up in the same
/// import, but from no other.
fn refuse_held(drafts: &mut [SupplierDraft], holders: &BTreeMap<Identifier, SupplierId>, how: How) {
    loop {
        let taken = held_elsewhere(drafts, holders, how);
        let mut is_new = false;
        for (draft, faults) in drafts.iter_mut().zip(taken) {
            let before = draft.faults.len();
            faults.into_iter().for_each(|fault| blame(&mut draft.faults, fault));
            is_new |= before == 0 && !draft.faults.is_empty();
        }
        // Where the others are kept, one that is refused gives nothing up, and so others may be refused for it.
        if how.keep == Keep::All || !is_new {
            return;
        }
    }
}

fn held_elsewhere(drafts: &[SupplierDraft], holders: &BTreeMap<Identifier, SupplierId>, how: How) -> Vec<Vec<Fault>> {
    let happens = |draft: &&SupplierDraft| how.keep == Keep::All || draft.is_good();
    let kept: HashMap<&SupplierId, &[Identifier]> = drafts
        .iter()
        .filter(happens)
        .filter_map(|draft| Some((&draft.target.as_ref()?.id, draft.new.as_ref()?.identifiers.as_slice())))
        .collect();
    drafts
        .iter()
        .map(|draft| {
            let own = draft.target.as_ref().map(|target| &target.id);
            let held = |given: &&ToHold| {
                holders.get(&given.identifier).is_some_and(|holder| {
                    Some(holder) != own && kept.get(holder).is_none_or(|kept| kept.contains(&given.identifier))
                })
            };
            let fault = |given: &ToHold| {
                Fault::new(
                    &given.pointer,
                    "duplicate",
                    format!(
                        "expected an identifier that no other supplier holds: {} holds {}",
                        holders[&given.identifier], given.identifier
                    ),
                )
            };
            draft.given.iter().filter(held).map(fault).collect()
        })
        .collect()
}
