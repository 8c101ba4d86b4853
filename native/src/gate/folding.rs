//! The folded spelling of characters beyond ASCII: told by the twin, page by page, when a text first needs it, and remembered.

use std::sync::RwLock;

const PAGE: u32 = 256;
const PAGES: usize = 0x11_0000 / PAGE as usize;

/// What a character becomes; None where it stays.
type Spelling = Option<Box<str>>;

/// The spellings known so far.
pub struct Folding {
    pages: RwLock<Vec<Option<Box<[Spelling]>>>>,
}

/// What came of folding a text.
pub enum Folded {
    /// It stays as it is.
    Same,
    /// It was written into the buffer.
    Other,
    /// A page is needed first, the one of this number.
    Missing(u32),
}

impl Folding {
    /// Know nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut pages = Vec::new();
        pages.resize_with(PAGES, || None);
        Self { pages: RwLock::new(pages) }
    }

    /// Return the characters of page `number`, for which spellings are wanted.
    #[must_use]
    pub fn characters(number: u32) -> String {
        (number * PAGE..(number + 1) * PAGE).map(|code| char::from_u32(code).unwrap_or(' ')).collect()
    }

    /// Learn how the characters of page `number` are spelt. Fewer spellings than characters: the others stay as they are.
    pub fn learn(&self, number: u32, spellings: Vec<String>) {
        let mut page: Vec<Spelling> = Vec::new();
        let mut given = spellings.into_iter();
        for code in number * PAGE..(number + 1) * PAGE {
            let spelling = given.next();
            let char = char::from_u32(code);
            page.push(match (char, spelling) {
                (Some(char), Some(new)) if new.chars().ne(std::iter::once(char)) => Some(new.into_boxed_str()),
                _ => None,
            });
        }
        if let Ok(mut pages) = self.pages.write()
            && let Some(place) = pages.get_mut(number as usize)
        {
            *place = Some(page.into_boxed_slice());
        }
    }

    /// Write `text` folded into `out`, unless nothing changes.
    pub fn fold(&self, text: &str, out: &mut String) -> Folded {
        let Ok(pages) = self.pages.read() else { return Folded::Same };
        out.clear();
        let mut copied = 0;
        for (at, char) in text.char_indices() {
            if char.is_ascii() {
                continue;
            }
            let code = char as u32;
            let Some(page) = &pages[(code / PAGE) as usize] else { return Folded::Missing(code / PAGE) };
            if let Some(new) = &page[(code % PAGE) as usize] {
                out.push_str(&text[copied..at]);
                out.push_str(new);
                copied = at + char.len_utf8();
            }
        }
        if copied == 0 {
            return Folded::Same;
        }
        out.push_str(&text[copied..]);
        Folded::Other
    }
}

impl Default for Folding {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_once_and_then_known() {
        let folding = Folding::new();
        let mut out = String::new();
        let Folded::Missing(page) = folding.fold("caf\u{e9}", &mut out) else { panic!("known already") };
        assert_eq!(page, 0);
        let spelt = Folding::characters(page)
            .chars()
            .map(|char| if char == '\u{e9}' { "e".into() } else { char.to_string() })
            .collect();
        folding.learn(page, spelt);
        assert!(matches!(folding.fold("caf\u{e9} x", &mut out), Folded::Other));
        assert_eq!(out, "cafe x");
        assert!(matches!(folding.fold("caf\u{e8}", &mut out), Folded::Same));
    }
}
