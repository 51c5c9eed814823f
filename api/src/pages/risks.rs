//! Risks: the heat map and the list.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    clock::Day,
    id::SubjectId,
    register,
    risk::{self, Risk, RiskFilter},
};
use poem::{Request, RequestBody, http::StatusCode};

use super::{
    Frame, Shown,
    home::{HeatRow, IMPACTS, LIKELIHOODS, heat_rows},
    html,
    listing::Asked,
    sign_in::Here,
    words,
};

#[derive(Template)]
#[template(path = "risks.html")]
struct RisksPage {
    frame: Frame,
    asked: Asked<RiskFilter>,
    heat: Vec<HeatRow>,
    risks: Vec<Risk>,
    names: BTreeMap<SubjectId, String>,
    today: Day,
    next: Option<String>,
}

impl RisksPage {
    fn name(&self, risk: &Risk) -> &str {
        self.names.get(&risk.subject_id).map_or("", String::as_str)
    }

    /// Where a risk stands on the map now, and where it stood with nothing done.
    fn place(risk: &Risk) -> String {
        let name = |(likelihood, impact): (i32, i32)| {
            let of = |words: &[&'static str; 5], number: i32| usize::try_from(number - 1).ok().and_then(|index| words.get(index).copied()).unwrap_or_default();
            format!("{}, {}", of(&LIKELIHOODS, likelihood), of(&IMPACTS, impact).to_lowercase())
        };
        let (now, before) = (risk.current(), (risk.likelihood, risk.impact));
        if now == before { name(now) } else { format!("{} (with nothing done: {})", name(now), name(before).to_lowercase()) }
    }
}

/// The map and the list.
pub(super) async fn show(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    let reader = here.read(&request).await?;
    let asked = Asked::<RiskFilter>::of(&request, "/risks")?;
    let page = risk::list(&reader, &asked.filter).await?;
    let heat = heat_rows(&register::summary(&reader).await?.heat_map);
    let names = register::lines(&reader, page.items.iter().map(|risk| risk.subject_id.clone())).await?;
    let names = names.into_iter().map(|(id, line)| (id, words::subject(&line))).collect();
    let status = if asked.wrongs.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    Ok(html(status, &RisksPage { frame: here.frame("Risks").at("/risks"), asked, heat, risks: page.items, names, today: reader.today(), next })?)
}
