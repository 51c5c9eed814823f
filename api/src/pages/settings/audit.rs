//! The audit trail: what happened, and whether the record of it is whole.

use askama::Template;
use diligence_entities::{
    audit::{self, AuditEvent, AuditEventFilter, AuditFault, AuditFaultKind, Checkpoint, Verification},
    id::SubjectId,
};
use poem::{Request, http::StatusCode};

use super::HERE;
use crate::{
    auth::Admin,
    pages::{
        events::Event,
        form::Form,
        format,
        list_query::ListQuery,
        page::{FieldError, Frame, PageResult, at, html},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
};

const AUDIT: &str = "/settings/audit";

/// The page of what an event is about, where it has one.
fn href(event: &AuditEvent) -> Option<String> {
    event.item_id.parse::<SubjectId>().ok().map(|id| format::subject_href(&id))
}

#[derive(Template)]
#[template(path = "settings/audit/show.html")]
struct AuditPage {
    frame: Frame,
    asked: ListQuery<AuditEventFilter>,
    /// What happened, and where the page is of what it happened to.
    entries: Vec<(Event, Option<String>)>,
    next: Option<String>,
}

impl AuditPage {
    /// The day of a moment that was asked for, as its field takes it.
    fn day(&self, name: &str) -> String {
        self.asked.text(name).chars().take(10).collect()
    }
}

/// What happened, newest first.
pub(in crate::pages) async fn show(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    // A form knows days, the list moments.
    let moment = |name: &str, value: String| {
        if ["since", "until"].contains(&name) && value.len() == 10 { format!("{value}T00:00:00Z") } else { value }
    };
    let asked = ListQuery::<AuditEventFilter>::of_changed(request, AUDIT, moment)?;
    let page = audit::list(&reader, &asked.filter).await?;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    let places: Vec<Option<String>> = page.items.iter().map(href).collect();
    let entries = Event::all(&reader, page.items, None).await?.into_iter().zip(places).collect();
    Ok(html(status, &AuditPage { frame: here.frame("Audit trail").at(HERE), asked, entries, next })?)
}

#[derive(Template)]
#[template(path = "settings/audit/verify.html")]
struct VerifyPage<'a> {
    frame: Frame,
    csrf: &'a str,
    errors: Vec<FieldError>,
    checkpoint: String,
    end: Checkpoint,
    found: Option<Verification>,
}

/// What sort of thing is wrong, in plain words.
fn fault(fault: &AuditFault) -> String {
    let places = if fault.sequence == fault.last_sequence {
        format!("Event {}", fault.sequence)
    } else {
        format!("Events {} to {}", fault.sequence, fault.last_sequence)
    };
    match fault.kind {
        AuditFaultKind::Changed => format!("{places}: changed after it was written"),
        AuditFaultKind::Removed => format!("{places}: removed"),
        AuditFaultKind::Inserted => format!("{places}: put in afterwards"),
        AuditFaultKind::Moved => format!("{places}: moved to another place"),
        AuditFaultKind::Unlinked => format!("{places}: does not hold on to the event before"),
        AuditFaultKind::End => "The end: the last event is not the one on record as the last".into(),
        AuditFaultKind::Rewritten => format!("{places}: written anew since the checkpoint was made"),
        AuditFaultKind::Altered => "What events name of a person was altered".into(),
        AuditFaultKind::Replaced => {
            format!("{places}: what is kept of the decision was changed, swapped or taken away")
        }
    }
}

/// Whether more is wrong than is listed.
fn is_cut(found: &Verification) -> bool {
    usize::try_from(found.fault_count).is_ok_and(|count| count > found.faults.len())
}

/// What verifying is, and how to.
pub(in crate::pages) async fn show_verify(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    page(request, here, String::new(), Vec::new(), None).await
}

async fn page(
    request: &Request,
    here: &SignedIn,
    checkpoint: String,
    errors: Vec<FieldError>,
    found: Option<Verification>,
) -> PageResult {
    let end = audit::checkpoint(&here.read(request).await?).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(
        status,
        &VerifyPage {
            frame: here.frame("Verify the audit trail").at(HERE),
            csrf: here.csrf(),
            errors,
            checkpoint,
            end,
            found,
        },
    )?)
}

/// Verifies the trail, against a checkpoint if one was given.
pub(in crate::pages) async fn verify(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let text = form.text("checkpoint");
    let kept = if text.is_empty() { Ok(None) } else { serde_json::from_str::<Checkpoint>(&text).map(Some) };
    let reader = here.read(request).await?;
    let kept = match kept {
        Ok(Some(kept)) if kept.hash.len() != 64 || kept.sequence < 0 => {
            Err("this is no checkpoint as it was saved: paste all of the file, from the first bracket to the last")
        }
        Ok(Some(kept)) if kept.organisation != reader.scope().organisation_id => {
            Err("this checkpoint is of another organisation")
        }
        Ok(kept) => Ok(kept),
        Err(_) => {
            Err("this is no checkpoint as it was saved: paste all of the file, from the first bracket to the last")
        }
    };
    match kept {
        Ok(kept) => {
            let found = audit::verify(&reader, kept.as_ref()).await?;
            drop(reader);
            page(request, here, text, Vec::new(), Some(found)).await
        }
        Err(detail) => {
            drop(reader);
            page(request, here, text, vec![FieldError::new("checkpoint", detail)], None).await
        }
    }
}
