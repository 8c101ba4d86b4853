//! Whether a context word stands near a region: in the name that a program gave it, else around it, or at the head of its column.

use std::ops::Range;

use regex_automata::meta::Regex;

use super::engine;

/// How far before a region its context may stand, in characters.
const BEFORE: usize = 64;
const AFTER: usize = 24;
const LINE_LONGEST: usize = 2048;
const NAME_LONGEST: usize = 64;
const DELIMITERS: [u8; 4] = *b",;\t|";
/// In a flat record that is the record's own.
const RECORD: &str = "id";
/// The name right before a value, where one is written as programs write it: "name": value, name=value, <name>value.
const LABEL: &str = r#"(?:"([^"\n]+)"\s?:\s?|(?:^|[^\pL\pN_.$-])([\pL\pN_.$-]+)=|<([\pL\pN_:-]+)>)["']?$"#;
/// What redaction wrote is no context for what it left.
const MARK: &str = r"\[[A-Z_]+(?::[0-9a-f]+)?\]|<[A-Z_]+_[0-9]+>";

/// What context is looked for with, whatever the words.
pub struct Surroundings {
    bare: Vec<String>,
    label: Regex,
    mark: Regex,
}

impl Surroundings {
    /// `bare`: names of fields that say nothing of their own. None where no engine is to be had.
    pub fn new(bare: Vec<String>) -> Option<Self> {
        Some(Self { bare, label: engine(LABEL)?, mark: engine(MARK)? })
    }

    /// Whether one of `words` stands near `place` of `text`.
    pub fn have(&self, words: &Regex, text: &[u8], place: &Range<usize>) -> bool {
        let before = &text[place.start.saturating_sub(BEFORE)..place.start];
        let near = match self.label(before) {
            Some(label) => words.is_match(&[&spaced(label)[..], b":"].concat()),
            None => words.is_match(&self.window(before, &text[place.end..])),
        };
        near || column_name(text, place.start).is_some_and(|name| words.is_match(name))
    }

    /// The name that a program gave to what stands behind `before`; what stands further away then speaks of something else.
    fn label<'a>(&self, before: &'a [u8]) -> Option<&'a [u8]> {
        if !may_end_label(before) {
            return None;
        }
        let mut found = self.label.create_captures();
        self.label.captures(before, &mut found);
        let name = (1..=3).find_map(|group| found.get_group(group)).map(|span| &before[span.range()]);
        let is_bare = |name: &&[u8]| {
            !name.eq_ignore_ascii_case(RECORD.as_bytes())
                && self.bare.iter().any(|bare| name.eq_ignore_ascii_case(bare.as_bytes()))
        };
        name.filter(|name| !is_bare(name))
    }

    /// What stands around. What comes before may stand on another line; the next line speaks of something else.
    fn window(&self, before: &[u8], after: &[u8]) -> Vec<u8> {
        let after = &after[..after.len().min(AFTER)];
        let line = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
        let mut window = spaced(before);
        window.push(b'\n');
        window.extend_from_slice(&after[..line]);
        if !window.iter().any(|byte| matches!(byte, b'[' | b'<')) {
            return window;
        }
        let mut unmarked = Vec::with_capacity(window.len());
        let mut copied = 0;
        for found in self.mark.find_iter(&window) {
            unmarked.extend_from_slice(&window[copied..found.start()]);
            unmarked.extend_from_slice(b"[]");
            copied = found.end();
        }
        unmarked.extend_from_slice(&window[copied..]);
        unmarked
    }
}

/// Whether a name may end where `before` does: all other places are told at a glance.
fn may_end_label(before: &[u8]) -> bool {
    let unquoted = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
    match unquoted {
        [.., b'=' | b'>' | b':'] => true,
        [.., b':', last] => matches!(last, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c'),
        _ => false,
    }
}

/// Return `name` with camel case split, behind at least two small letters.
fn spaced(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 8);
    let mut rest = name;
    while let [first, others @ ..] = rest {
        match rest {
            [one, two, hump, behind @ ..]
                if one.is_ascii_lowercase() && two.is_ascii_lowercase() && hump.is_ascii_uppercase() =>
            {
                out.extend([*one, *two, b' ', *hump]);
                rest = behind;
            }
            _ => {
                out.push(*first);
                rest = others;
            }
        }
    }
    out
}

/// Return the heading above `place` where the first line is a table's head and the line of `place` has as many cells.
///
/// Lines beyond a stated length are no rows: every call costs the same however long the text is.
fn column_name(text: &[u8], place: usize) -> Option<&[u8]> {
    let is_end = |byte: &u8| *byte == b'\n';
    let head = &text[..text[..text.len().min(LINE_LONGEST)].iter().position(is_end)?];
    let earliest = place.saturating_sub(LINE_LONGEST);
    let begin = earliest + text[earliest..place].iter().rposition(is_end)? + 1;
    if head.is_empty() || begin <= head.len() {
        return None;
    }
    let count = |text: &[u8], sign: u8| text.iter().map(|byte| usize::from(*byte == sign)).sum::<usize>();
    // Of several that are as frequent the first counts, and `max_by_key` returns the last.
    let delimiter = DELIMITERS.into_iter().rev().max_by_key(|sign| count(head, *sign))?;
    let cells = count(head, delimiter);
    let latest = text.len().min(place + LINE_LONGEST);
    let end = text[place..latest].iter().position(is_end).map_or(latest, |length| place + length);
    if cells == 0 || count(&text[begin..end], delimiter) != cells {
        return None;
    }
    let name = head.split(|byte| *byte == delimiter).nth(count(&text[begin..place], delimiter))?;
    let is_wrapping = |byte: &u8| matches!(byte, b' ' | b'"' | b'\'');
    let first = name.iter().position(|byte| !is_wrapping(byte))?;
    let last = name.iter().rposition(|byte| !is_wrapping(byte))?;
    Some(&name[first..=last]).filter(|name| name.len() <= NAME_LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(words: &str, before: &str, after: &str) -> Option<bool> {
        let text = format!("{before}123{after}");
        let surroundings = Surroundings::new(vec!["value".into(), "id".into()])?;
        Some(surroundings.have(&engine(words)?, text.as_bytes(), &(before.len()..before.len() + 3)))
    }

    #[test]
    fn a_name_that_a_program_gave_speaks_for_the_value_alone() {
        assert_eq!(near("tax", "our taxes: {\"tax\": \"", "\"}"), Some(true));
        assert_eq!(near("tax", "our taxes: {\"weight\": \"", "\"}"), Some(false));
        assert_eq!(near("tax", "our taxes: {\"value\": \"", "\"}"), Some(true), "a bare name says nothing");
        assert_eq!(near("tax", "our taxes: {\"id\": \"", "\"}"), Some(false));
        assert_eq!(near("tax id", "taxxId=", ""), Some(false));
        assert_eq!(near("taxx Id", "taxxId=", ""), Some(true));
    }

    #[test]
    fn words_around_a_value_speak_for_it_up_to_the_end_of_its_line() {
        assert_eq!(near("tax", "tax\n", ""), Some(true));
        assert_eq!(near("tax", "", " is my tax"), Some(true));
        assert_eq!(near("tax", "", "\ntax"), Some(false));
        assert_eq!(near("TAX", "[TAX] ", " <TAX_1>"), Some(false), "what redaction wrote");
    }

    #[test]
    fn the_head_of_a_column_speaks_for_its_cells() {
        let long = "x".repeat(70);
        assert_eq!(near("tax", &format!("name,\"tax\"\nAnn,1\n{long},"), "\n"), Some(true));
        assert_eq!(near("tax", &format!("tax,name\nAnn,1\n{long},"), "\n"), Some(false));
        assert_eq!(near("tax", &format!("name,tax\nAnn,1\n{long},,"), "\n"), Some(false), "another number of cells");
    }
}
