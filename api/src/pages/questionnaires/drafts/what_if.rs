//! What publishing a draft would do to every current score and rating.

use askama::Template;
use diligence_entities::{
    draft::Draft,
    what_if::{AssessmentMove, WhatIf},
};
use diligence_questionnaires::Edition;

use super::readable;
use crate::{
    auth::{Viewer, store_of},
    pages::{
        format,
        page::{Frame, PageResult, path_id, request_id},
        signed_in::Page,
        what_if::{Found, PLACE, stream_page, tenths},
    },
};

#[derive(Template)]
#[template(path = "questionnaires/drafts/what_if.html")]
struct WhatIfPage<'a> {
    frame: Frame,
    draft: &'a Draft,
    edition: &'a Edition,
    place: &'static str,
}

#[derive(Template)]
#[template(path = "questionnaires/drafts/what_if_answer.html")]
struct WhatIfAnswer {
    draft: Draft,
    edition: Edition,
    found: Found,
}

impl WhatIfAnswer {
    fn question(&self, key: &str) -> String {
        self.edition.question(key).map_or_else(|| format::label(&key), |question| question.text.clone())
    }

    fn change(moved: &AssessmentMove) -> String {
        match tenths(moved) {
            0 => "The score stays".into(),
            tenths => format!("{}{}.{}", if tenths < 0 { "−" } else { "+" }, tenths.abs() / 10, tenths.abs() % 10),
        }
    }
}

/// What publishing a draft would do to every current score and rating.
pub(in crate::pages::questionnaires) async fn show_what_if(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let (draft, edition) = readable(&here.read(request).await?, &path_id(request)?).await?;
    let what_if =
        WhatIf::of_edition(store_of(request)?.clone(), here.person.scope(request_id(request)), edition.clone()).await?;
    let page = WhatIfPage {
        frame: here.frame("What would publishing do?").at("/questionnaires"),
        draft: &draft,
        edition: &edition,
        place: PLACE,
    };
    stream_page(&page, what_if, {
        let (draft, edition) = (draft.clone(), edition.clone());
        move |found| WhatIfAnswer { draft, edition, found }.render()
    })
    .await
}
