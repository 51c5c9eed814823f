//! What a text may hold: one rule for every text that people write, here and in the register.
//!
//! What takes a line (a name, a title, a reference, an address) takes no control characters, no end of a line, and
//! nothing invisible that makes a text show as something it is not: marks that turn its direction, spaces of no width,
//! tags. What languages need stays: joiners (U+200C, U+200D), marks of direction (U+200E, U+200F, U+061C), variation
//! selectors. What takes lines (notes, answers in words, comments, advice) takes tabs and ends of lines too, and every
//! other character that is no control character.
//!
//! The rule is a pattern, so that schemas say it; it is matched by hand, so that whoever breaks it is told how.

/// The pattern of a text of one line.
pub const LINE: &str = r"^[^\u0000-\u001F\u007F-\u009F\u00AD\u200B\u2028-\u202E\u2060-\u2064\u2066-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB]*$";
/// The pattern of a text of lines.
pub const LINES: &str = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$";
/// The pattern of what is kept to the letter: passwords, whole documents.
pub const ANY: &str = r"^[^\u0000]*$";

/// What a text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One line.
    Line,
    /// Lines.
    Lines,
    /// Everything that a database keeps.
    Any,
}

impl Form {
    /// The form of the texts that a schema with this pattern is for: one line unless it says otherwise.
    #[must_use]
    pub fn of(pattern: Option<&str>) -> Self {
        match pattern {
            Some(LINES) => Self::Lines,
            Some(ANY) => Self::Any,
            _ => Self::Line,
        }
    }

    fn takes(self, letter: char) -> bool {
        match self {
            Self::Any => letter != '\0',
            Self::Lines => !letter.is_control() || matches!(letter, '\t' | '\n' | '\r'),
            Self::Line => {
                let is_deceptive = matches!(
                    letter,
                    '\u{ad}'
                        | '\u{200b}'
                        | '\u{2028}'..='\u{202e}'
                        | '\u{2060}'..='\u{2064}'
                        | '\u{2066}'..='\u{206f}'
                        | '\u{3164}'
                        | '\u{feff}'
                        | '\u{ffa0}'
                        | '\u{fff9}'..='\u{fffb}'
                        | '\u{e0000}'..='\u{e007f}'
                );
                !letter.is_control() && !is_deceptive
            }
        }
    }

    /// What of a text this form does not take, in a sentence; none where it takes it all.
    #[must_use]
    pub fn fault(self, text: &str) -> Option<String> {
        let (before, wrong) = text.chars().enumerate().find(|(_, letter)| !self.takes(*letter))?;
        let place = before + 1;
        Some(match wrong {
            '\0' => "the character U+0000 cannot be kept".to_owned(),
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => "expected one line, without a line break".to_owned(),
            '\t' => "expected one line, without a tab".to_owned(),
            control if control.is_control() => format!(
                "expected text without control characters such as U+{:04X}, which is its character {place}",
                u32::from(control)
            ),
            hidden => format!(
                "expected text without invisible characters such as U+{:04X}, which is its character {place}",
                u32::from(hidden)
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_what_languages_need_and_nothing_that_deceives() {
        for good in [
            "",
            "Harbour Care",
            "Ŵyn & Llan",
            "O'Neill-Ōta",
            "محمد\u{200c}رضا",
            "क्\u{200d}ष",
            "עברית\u{200f}",
            "❤\u{fe0f}",
            "葛\u{e0100}城",
            "日本語　名",
            "a\u{a0}b",
            "𝔘",
        ] {
            for form in [Form::Line, Form::Lines, Form::Any] {
                assert_eq!(form.fault(good), None, "{good:?}");
            }
        }
        for (bad, lines) in [
            ("a\nb", true),
            ("a\rb", true),
            ("a\tb", true),
            ("a\u{b}b", false),
            ("a\u{1b}[2J", false),
            ("\u{7f}", false),
            ("a\u{85}b", false),
            ("\u{9b}", false),
            ("a\u{2028}b", true),
            ("a\u{2029}b", true),
            ("invoice\u{202e}fdp.exe", true),
            ("a\u{2066}b", true),
            ("a\u{200b}b", true),
            ("a\u{ad}b", true),
            ("\u{feff}a", true),
            ("a\u{2063}b", true),
            ("\u{3164}", true),
            ("a\u{e0041}", true),
        ] {
            assert!(Form::Line.fault(bad).is_some(), "{bad:?}");
            assert_eq!(Form::Lines.fault(bad).is_none(), lines, "{bad:?}");
            assert_eq!(Form::Any.fault(bad), None, "{bad:?}");
        }
        assert_eq!(Form::Any.fault("a\0").as_deref(), Some("the character U+0000 cannot be kept"));
    }

    #[test]
    fn the_patterns_say_what_is_checked() {
        // Every character up to the last that a pattern can name, without an engine: the classes are read by hand.
        for (form, pattern) in [(Form::Line, LINE), (Form::Lines, LINES), (Form::Any, ANY)] {
            let class = pattern
                .strip_prefix("^[^")
                .and_then(|rest| rest.strip_suffix("]*$"))
                .expect("a class of what is not taken");
            let mut left_out = Vec::new();
            for part in class.split("\\u").skip(1) {
                let code = |text: &str| u32::from_str_radix(text, 16).expect("a code");
                match (left_out.last_mut(), part.strip_suffix('-')) {
                    (Some((_, end @ None)), _) => *end = Some(code(part)),
                    (_, Some(start)) => left_out.push((code(start), None)),
                    (_, None) => left_out.push((code(part), Some(code(part)))),
                }
            }
            for code in 0..=0xffff_u32 {
                let Some(letter) = char::from_u32(code) else { continue };
                let is_left_out = left_out.iter().any(|(start, end)| (*start..=end.unwrap_or(*start)).contains(&code));
                assert_eq!(form.takes(letter), !is_left_out, "{form:?} U+{code:04X}");
            }
        }
    }
}
