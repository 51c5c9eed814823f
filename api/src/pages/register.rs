//! The register: every supplier and product in one list, with what one asks for first.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    evidence::{DSPT_MET, SECURITY_CERTIFICATES},
    profile::DataRole,
    questionnaire,
    register::{self, RegisterEntry, RegisterFilter},
    role::Role,
    subject::SubjectType,
};
use diligence_questionnaires::EvidenceKind;
use poem::http::StatusCode;

use super::{
    format,
    labels::{Choices, Labelled as _},
    list_query::ListQuery,
    page::{Frame, PageResult, html},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::Page,
};
use crate::auth::Viewer;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/register", show)
}

/// The suppliers that handle personal data and have no security certificate in date.
pub(super) const UNCERTIFIED: &str = "/register?subject_type=supplier&handles_personal_data=true&has_certificate=false";

#[derive(Template)]
#[template(path = "register/show.html")]
struct RegisterPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    asked: ListQuery<RegisterFilter>,
    lines: Vec<RegisterEntry>,
    titles: BTreeMap<String, String>,
    next: Option<String>,
    /// How many lines are like that, on all pages.
    shown_count: i64,
    /// How many there are altogether.
    whole_count: i64,
}

impl RegisterPage<'_> {
    fn may_enter(&self) -> bool {
        self.here.is_at_least(Role::Editor)
    }

    /// How many are shown of how many: `9 of 399 suppliers`.
    fn counted(&self) -> String {
        let (one, many) = match self.asked.text("subject_type") {
            "supplier" => ("supplier", "suppliers"),
            "product" => ("product", "products"),
            _ => ("supplier or product", "suppliers and products"),
        };
        if self.shown_count == self.whole_count {
            return format::count(self.whole_count, one, many);
        }
        format!("{} of {}", format::thousands(self.shown_count), format::count(self.whole_count, one, many))
    }

    /// Whether more is asked for than the first fields say.
    fn is_narrowed_further(&self) -> bool {
        let further = [
            "tier",
            "handles_personal_data",
            "data_role",
            "data_role_said",
            "has_certificate",
            "ai_features",
            "status",
            "review_before",
            "knocked_out",
            "stale",
        ];
        further.iter().any(|name| !self.asked.text(name).is_empty())
    }

    /// Quick ways to what one mostly looks for: an address, and what is there.
    fn ways() -> [(&'static str, &'static str); 5] {
        [
            ("/register?handles_personal_data=true", "Handle personal data"),
            (UNCERTIFIED, "Suppliers that handle personal data, no certificate in date"),
            (
                "/register?subject_type=supplier&data_role_said=false",
                "Suppliers whose part in personal data is not said yet",
            ),
            ("/register?ai_features=core", "AI at its core"),
            ("/register?ai_features=embedded", "AI inside"),
        ]
    }

    /// The parts that a supplier can have in personal data.
    fn data_roles() -> Choices {
        DataRole::CHOICES
    }

    /// What counts as a security certificate, in words.
    fn certificates() -> String {
        format!(
            "{}, and a {} that says {}",
            SECURITY_CERTIFICATES.map(EvidenceKind::title).join(", "),
            EvidenceKind::Dspt.title(),
            DSPT_MET.join(" or ")
        )
    }

    fn title<'a>(&'a self, questionnaire: &'a str) -> &'a str {
        self.titles.get(questionnaire).map_or(questionnaire, String::as_str)
    }

    fn is_product(line: &RegisterEntry) -> bool {
        line.subject_type == SubjectType::Product
    }
}

/// The list.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let asked = ListQuery::<RegisterFilter>::of(request, "/register")?;
    let page = register::list(&reader, &asked.filter).await?;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    let under_way =
        page.items.iter().flat_map(|line| line.under_way.iter()).map(|assessment| assessment.questionnaire.clone());
    let titles = questionnaire::titles(&reader, under_way).await?;
    let whole = RegisterFilter { subject_type: asked.filter.subject_type, ..RegisterFilter::default() };
    let shown_count = register::count(&reader, &asked.filter).await?;
    let whole_count = if asked.is_narrowed() { register::count(&reader, &whole).await? } else { shown_count };
    let page = RegisterPage {
        frame: here.frame("Register").at("/register"),
        here,
        asked,
        lines: page.items,
        titles,
        next,
        shown_count,
        whole_count,
    };
    Ok(html(status, &page)?)
}
