//! Dates and words as UK public services write them.

use diligence_entities::clock::{Day, Moment};

/// `3 March 2027`.
pub(super) fn day(day: Day) -> String {
    day.date().format("%-d %B %Y").to_string()
}

/// `3 March 2027 at 14:05 UTC`.
pub(super) fn moment(moment: Moment) -> String {
    moment.time().format("%-d %B %Y at %H:%M UTC").to_string()
}

/// `1 question`, `2 questions`.
pub(super) fn count(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// A language by its own name.
pub(super) fn language(code: &str) -> String {
    match code.split('-').next().unwrap_or_default() {
        "en" => "English".into(),
        "cy" => "Cymraeg".into(),
        "gd" => "Gàidhlig".into(),
        "ga" => "Gaeilge".into(),
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_counts_are_written_as_people_say_them() {
        assert_eq!(day("2027-03-03".parse().expect("a day")), "3 March 2027");
        assert_eq!(moment("2027-03-03T14:05:09Z".parse().expect("a moment")), "3 March 2027 at 14:05 UTC");
        assert_eq!((count(1, "question", "questions"), count(0, "question", "questions")), ("1 question".into(), "0 questions".into()));
    }
}
