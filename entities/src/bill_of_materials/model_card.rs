//! What a CycloneDX document says of a model, by the names of its specification (ECMA-424; JSON schemas 1.5 to 1.7,
//! `modelCard`).

use std::collections::HashMap;

use serde_json::Value;

use super::ModelCard;
use crate::{error::Error, fault::Faults};

/// The versions of the specification in which models have a card.
const VERSIONS: [&str; 3] = ["1.5", "1.6", "1.7"];
/// The type of a component that is a model.
const MODEL: &str = "machine-learning-model";
/// How many models are named where it must be asked which is meant.
const NAMED: usize = 10;
/// How long a field of one line may be, and one of several lines, in characters.
const LINE: usize = 200;
const LINES: usize = 5000;

/// Reads what the document says of the model that is meant.
pub(super) fn read(document: &Value, wanted: Option<&str>) -> Result<ModelCard, Error> {
    check(document)?;
    let all = components(document);
    let subject = document.pointer("/metadata/component").filter(|component| is_model(component));
    let models: Vec<&Value> = all.iter().copied().filter(|component| is_model(component)).collect();
    let model = chosen(&models, subject, wanted)?;
    let is_subject = subject.is_some_and(|subject| std::ptr::eq(subject, model));
    let component = name_of(model);
    let serial = text(document, "serialNumber").map(str::to_owned);
    let said = said(model, is_subject.then(|| &document["metadata"]), &by_reference(&all));
    Ok(ModelCard { document: serial.unwrap_or_else(|| component.clone()), component, said })
}

/// What the specification asks of every document, and what is needed of it here.
fn check(document: &Value) -> Result<(), Error> {
    let mut faults = Faults::default();
    faults.expect(document.is_object(), "", "type", "expected a bill of materials: a JSON object");
    faults.expect(
        document["bomFormat"] == "CycloneDX",
        "/bomFormat",
        "choice",
        "expected CycloneDX: other kinds of bills of materials are not read",
    );
    faults.expect(
        text(document, "specVersion").is_some_and(|version| VERSIONS.contains(&version)),
        "/specVersion",
        "choice",
        "expected 1.5, 1.6 or 1.7, in which models have a card",
    );
    let serial = &document["serialNumber"];
    faults.expect(
        serial.is_null() || serial.as_str().is_some_and(is_serial_number),
        "/serialNumber",
        "format",
        "expected urn:uuid: and a UUID, such as urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    );
    let version = &document["version"];
    faults.expect(
        version.is_null() || version.as_u64().is_some_and(|version| version > 0),
        "/version",
        "range",
        "expected a whole number from 1",
    );
    let components = &document["components"];
    faults.expect(components.is_null() || components.is_array(), "/components", "type", "expected a list");
    faults.done()
}

fn is_serial_number(text: &str) -> bool {
    let groups: Vec<&str> = text.strip_prefix("urn:uuid:").unwrap_or_default().split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_model(component: &Value) -> bool {
    component["type"] == MODEL
}

/// Every component of the document, those within others too.
fn components(document: &Value) -> Vec<&Value> {
    let backwards = |of| {
        let mut inner: Vec<&Value> = list(of, "components").collect();
        inner.reverse();
        inner
    };
    let mut left = backwards(document);
    left.extend(document.pointer("/metadata/component"));
    let mut all = Vec::new();
    while let Some(component) = left.pop() {
        left.extend(backwards(component));
        all.push(component);
    }
    all
}

/// The model that is meant: the one that is asked for, the one that the document is about, or the only one.
fn chosen<'a>(models: &[&'a Value], subject: Option<&'a Value>, wanted: Option<&str>) -> Result<&'a Value, Error> {
    let named = |models: &[&Value]| {
        let names: Vec<String> = models.iter().take(NAMED).map(|model| called(model)).collect();
        let more = if models.len() > NAMED { format!(" and {} more", models.len() - NAMED) } else { String::new() };
        format!("{}{more}", names.join(", "))
    };
    if models.is_empty() {
        return Err(Error::invalid(
            "/components",
            "required",
            format!("expected a component of the type {MODEL}: there is none"),
        ));
    }
    let fitting: Vec<&'a Value> = match wanted {
        Some(wanted) => {
            let by_reference: Vec<&'a Value> =
                models.iter().copied().filter(|model| text(model, "bom-ref") == Some(wanted)).collect();
            let is_called = |model: &&&Value| name_of(model) == wanted || text(model, "name") == Some(wanted);
            if by_reference.is_empty() { models.iter().filter(is_called).copied().collect() } else { by_reference }
        }
        None => subject.map_or_else(|| models.to_vec(), |subject| vec![subject]),
    };
    match fitting.as_slice() {
        [model] => Ok(*model),
        [] => Err(Error::invalid("?component", "unknown", format!("expected one of: {}", named(models)))),
        several => Err(Error::invalid(
            "?component",
            "question",
            format!("the document has {} models, say which is meant: {}", several.len(), named(several)),
        )),
    }
}

/// What a model is called for people: its name and version.
fn name_of(model: &Value) -> String {
    let name = text(model, "name").unwrap_or("a model without a name");
    let whole = text(model, "version").map_or_else(|| name.to_owned(), |version| format!("{name}@{version}"));
    cut(&whole, LINE)
}

/// As [`name_of`], with what it can be asked for by.
fn called(model: &Value) -> String {
    text(model, "bom-ref").map_or_else(|| name_of(model), |reference| cut(reference, LINE))
}

fn by_reference<'a>(all: &[&'a Value]) -> HashMap<&'a str, &'a Value> {
    let data = all.iter().flat_map(|component| list(component, "data"));
    all.iter().copied().chain(data).filter_map(|item| Some((text(item, "bom-ref")?, item))).collect()
}

/// What is said of a model, by the field of the AI profile. `metadata` is given where the document is about it.
fn said(model: &Value, metadata: Option<&Value>, by_reference: &HashMap<&str, &Value>) -> Vec<(&'static str, String)> {
    let card = &model["modelCard"];
    let (parameters, considerations) = (&card["modelParameters"], &card["considerations"]);
    let maker = |of: &Value| {
        ["manufacturer", "supplier"].into_iter().find_map(|role| text(&of[role], "name").map(str::to_owned))
    };
    let provider = maker(model)
        .or_else(|| text(model, "publisher").map(str::to_owned))
        .or_else(|| metadata.and_then(maker))
        .or_else(|| text(model, "group").map(str::to_owned));
    let uses = words(considerations, "useCases");
    let purpose: Vec<String> =
        if uses.is_empty() { text(model, "description").map(one_line).into_iter().collect() } else { uses };
    let task = text(parameters, "task").map(str::to_lowercase).unwrap_or_default();
    let is_generative = task.contains("generation") || task.contains("text-to-") || task.contains("generative");
    let mut limits = words(considerations, "technicalLimitations");
    limits.extend(words(considerations, "performanceTradeoffs"));
    let mut found = vec![
        ("model", text(model, "name").map(one_line)),
        ("model_version", text(model, "version").map(one_line)),
        ("model_provider", provider.as_deref().map(one_line)),
        ("generative", is_generative.then(|| "yes".to_owned())),
    ];
    for (_, said) in &mut found {
        *said = said.take().map(|said| cut(&said, LINE));
    }
    for (field, lines) in [
        ("purpose", purpose),
        ("training_data", training_data(parameters, by_reference)),
        ("limitations", limits),
        ("ethical_considerations", ethics(considerations)),
        ("energy_use", energy(&considerations["environmentalConsiderations"])),
    ] {
        found.push((field, (!lines.is_empty()).then(|| cut(&lines.join("\n"), LINES))));
    }
    found.into_iter().filter_map(|(field, said)| Some((field, said?))).collect()
}

fn training_data(parameters: &Value, by_reference: &HashMap<&str, &Value>) -> Vec<String> {
    let approach = text(&parameters["approach"], "type").map(|approach| format!("Approach: {}", one_line(approach)));
    let dataset = |given: &Value| {
        let reference = text(given, "ref");
        let set = reference.and_then(|reference| by_reference.get(reference).copied()).unwrap_or(given);
        // What is referred to may be a component that holds the data.
        let inner = list(set, "data").next().unwrap_or(set);
        let either = |name: &str| text(set, name).or_else(|| text(inner, name)).map(one_line);
        let name = either("name").or_else(|| reference.map(one_line))?;
        let sensitive = words(inner, "sensitiveData");
        let notes: Vec<String> = either("classification")
            .map(|class| format!("classification: {class}"))
            .into_iter()
            .chain((!sensitive.is_empty()).then(|| format!("sensitive: {}", sensitive.join(", "))))
            .collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
        let description = either("description").map(|text| format!(": {text}")).unwrap_or_default();
        Some(format!("{name}{notes}{description}"))
    };
    approach.into_iter().chain(list(parameters, "datasets").filter_map(dataset)).collect()
}

fn ethics(considerations: &Value) -> Vec<String> {
    let with = |what: String, how: Option<&str>| match how {
        Some(how) => format!("{what}. What is done about it: {}", one_line(how)),
        None => what,
    };
    let risk = |risk: &Value| Some(with(one_line(text(risk, "name")?), text(risk, "mitigationStrategy")));
    let fairness = |group: &Value| {
        let at_risk = one_line(text(group, "groupAtRisk")?);
        let harms = text(group, "harms").map(|harms| format!(": {}", one_line(harms))).unwrap_or_default();
        Some(with(format!("Group at risk: {at_risk}{harms}"), text(group, "mitigationStrategy")))
    };
    let risks = list(considerations, "ethicalConsiderations").filter_map(risk);
    risks.chain(list(considerations, "fairnessAssessments").filter_map(fairness)).collect()
}

fn energy(environment: &Value) -> Vec<String> {
    let measure = |of: &Value| {
        let value = of["value"].as_f64()?;
        Some(format!("{value} {}", one_line(text(of, "unit").unwrap_or_default())))
    };
    let consumption = |of: &Value| {
        let activity = one_line(text(of, "activity")?);
        let cost = measure(&of["activityEnergyCost"])?;
        let carbon = measure(&of["co2CostEquivalent"]).map(|carbon| format!(", {carbon}")).unwrap_or_default();
        Some(format!("{activity}: {cost}{carbon}"))
    };
    list(environment, "energyConsumptions").filter_map(consumption).collect()
}

/// A text that says something.
fn text<'a>(of: &'a Value, name: &str) -> Option<&'a str> {
    of.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn words(of: &Value, name: &str) -> Vec<String> {
    list(of, name).filter_map(Value::as_str).map(one_line).filter(|text| !text.is_empty()).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text, cut where it is longer than there is room for.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}\u{2026}", kept.trim_end())
}
