//! The evidence that comes with rows about suppliers.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::draft::SupplierDraft;
use crate::{
    error::Error,
    evidence::{self, Evidence, NewEvidence},
    id::{SubjectId, SupplierId},
    import::fields::{Fields, absorb},
    scope::{PORTION, Reader},
    stored::word,
};

/// Works out which pieces of evidence the rows add or change.
///
/// Evidence is dated by what it says: a row's piece is the supplier's of the same kind and day of issue; without a day,
/// the latest of that kind. Next year's certificate is therefore another piece, and last year's stays.
pub(super) async fn plan(reader: &Reader, drafts: &mut [SupplierDraft]) -> Result<(), Error> {
    let mut there: HashMap<SupplierId, Vec<Evidence>> = HashMap::new();
    let ids: Vec<SupplierId> = drafts
        .iter()
        .filter(|draft| !draft.evidence.is_empty())
        .filter_map(|draft| Some(draft.target.as_ref()?.id.clone()))
        .collect();
    for portion in ids.chunks(PORTION) {
        for piece in
            evidence::of_suppliers(reader, portion).await?.into_iter().filter(|piece| piece.product_id.is_none())
        {
            there.entry(piece.supplier_id.clone()).or_default().push(piece);
        }
    }
    let fields = Fields::of::<NewEvidence>();
    // Whose evidence it is comes to be known when the supplier is made.
    let nobody = SubjectId::Supplier(SupplierId::new(Uuid::nil()));
    for draft in drafts {
        let subject_id =
            draft.target.as_ref().map_or_else(|| nobody.clone(), |target| SubjectId::Supplier(target.id.clone()));
        let there =
            draft.target.as_ref().and_then(|target| there.get(&target.id)).map(Vec::as_slice).unwrap_or_default();
        for (kind, patch) in std::mem::take(&mut draft.evidence) {
            let prefix = format!("/evidence/{}", word(&kind));
            if draft
                .faults
                .iter()
                .any(|fault| fault.pointer.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('/')))
            {
                continue;
            }
            // What a respondent sent and nobody has accepted is no statement of ours to change.
            let of_kind = there.iter().filter(|piece| piece.kind.0 == kind && piece.checked_at.is_some());
            let before = match patch.get("issued_on") {
                Some(day) => of_kind
                    .filter(|piece| serde_json::to_value(piece.issued_on).is_ok_and(|issued| issued == *day))
                    .max_by_key(|piece| piece.created_at),
                None => of_kind.max_by_key(|piece| (piece.issued_on, piece.created_at)),
            };
            let mut whole = fields.stored(before);
            whole.insert("subject_id".into(), subject_id.as_str().into());
            whole.insert("kind".into(), word(&kind).into());
            let Some(new) = fields.read::<NewEvidence>(fields.merge(whole, patch), Value::Null, &mut draft.faults)
            else {
                continue;
            };
            let new = match new.check() {
                Ok(new) => new,
                Err(error) => {
                    absorb(&mut draft.faults, &prefix, error);
                    continue;
                }
            };
            match before {
                None => draft.new_evidence.push(new),
                Some(before) => {
                    let said = serde_json::to_value(&new).ok();
                    if said != Some(Value::Object(fields.stored(Some(before)))) {
                        draft.changed_evidence.push((before.clone(), new));
                    }
                }
            }
        }
    }
    Ok(())
}
