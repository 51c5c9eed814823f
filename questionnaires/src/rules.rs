//! What of an edition decides a result: the edition without its words.
//!
//! Everything is spelled out, member by member, so that a member added to a shape does not compile until somebody has
//! said on which side it stands.

use std::collections::BTreeSet;

use crate::edition::{Choice, Edition, EditionFinding, Finding, PointBand, Principle, Question, Section};

/// The edition with every word taken out, and with it whatever no result depends on.
///
/// Of a knock-out stays that it is one. Order stays, since results are listed in it; tenths that do not divide go by
/// the questions' keys and not by it. Frameworks are named where they count, so neither where they are written nor that
/// they are declared makes a difference.
pub(crate) fn of(edition: &Edition) -> Edition {
    // A list in which order and repetition mean nothing.
    let applies_to: BTreeSet<_> = edition.applies_to.iter().copied().collect();
    Edition {
        key: String::new(),
        title: String::new(),
        edition: String::new(),
        summary: String::new(),
        framework: String::new(),
        applies_to: applies_to.into_iter().collect(),
        source: Vec::new(),
        language: String::new(),
        frameworks: Vec::new(),
        principles: edition
            .principles
            .iter()
            .map(|principle| of_principle(principle, edition.framework_of(principle)))
            .collect(),
        sections: edition.sections.iter().map(of_section).collect(),
        findings: edition.findings.iter().map(of_edition_finding).collect(),
    }
}

fn of_principle(principle: &Principle, framework: &str) -> Principle {
    Principle {
        key: principle.key.clone(),
        title: String::new(),
        framework: Some(framework.to_owned()),
        weight: principle.weight,
        summary: None,
    }
}

fn of_section(section: &Section) -> Section {
    Section {
        key: section.key.clone(),
        title: String::new(),
        intro: None,
        show_if: section.show_if.clone(),
        questions: section.questions.iter().map(of_question).collect(),
    }
}

/// Also what one question is to the conditions that read it, for an extension whose base has changed.
pub(crate) fn of_question(question: &Question) -> Question {
    Question {
        key: question.key.clone(),
        principle: question.principle.clone(),
        text: String::new(),
        help: None,
        kind: question.kind,
        weight: question.weight,
        required: question.required,
        not_applicable: question.not_applicable,
        evidence: question.evidence.clone(),
        show_if: question.show_if.clone(),
        maps_to: Vec::new(),
        options: question.options.iter().map(of_choice).collect(),
        bands: question.bands.iter().map(of_band).collect(),
        unit: None,
        minimum: question.minimum,
        maximum: question.maximum,
    }
}

fn of_choice(choice: &Choice) -> Choice {
    Choice {
        value: choice.value.clone(),
        label: String::new(),
        points: choice.points,
        knock_out: presence(choice.knock_out.as_ref()),
        ask_why: choice.ask_why,
        exclusive: choice.exclusive,
        finding: choice.finding.as_ref().map(of_finding),
    }
}

fn of_band(band: &PointBand) -> PointBand {
    PointBand {
        at_least: band.at_least,
        within_months: band.within_months,
        on_or_after: band.on_or_after,
        otherwise: band.otherwise,
        points: band.points,
        knock_out: presence(band.knock_out.as_ref()),
        ask_why: band.ask_why,
        finding: band.finding.as_ref().map(of_finding),
    }
}

fn of_finding(finding: &Finding) -> Finding {
    Finding { severity: finding.severity, title: String::new(), advice: String::new(), risk: finding.risk }
}

fn of_edition_finding(finding: &EditionFinding) -> EditionFinding {
    EditionFinding {
        key: finding.key.clone(),
        when: finding.when.clone(),
        severity: finding.severity,
        title: String::new(),
        advice: String::new(),
        risk: finding.risk,
    }
}

fn presence(words: Option<&String>) -> Option<String> {
    words.map(|_| String::new())
}
