//! Addresses of e-mail: the checks of `pii_contacts.py`.

use super::whole_if;
use crate::exact::{Region, Span};
use crate::rules::Rule;

/// RFC 5321 section 4.5.3.1.
const LOCAL_LONGEST: usize = 64;
const DOMAIN_LONGEST: usize = 253;
const URL_LONGEST: usize = 256;
/// What follows the @ or the dot in names that are no addresses: retina images, packages, systemd units.
const NO_DOMAINS: [&[u8]; 40] = [
    b"png",
    b"jpg",
    b"jpeg",
    b"gif",
    b"svg",
    b"webp",
    b"ico",
    b"bmp",
    b"css",
    b"js",
    b"mjs",
    b"ts",
    b"tsx",
    b"jsx",
    b"py",
    b"rb",
    b"go",
    b"rs",
    b"java",
    b"json",
    b"yaml",
    b"yml",
    b"toml",
    b"xml",
    b"html",
    b"htm",
    b"md",
    b"txt",
    b"service",
    b"socket",
    b"timer",
    b"target",
    b"mount",
    b"lock",
    b"log",
    b"conf",
    b"cfg",
    b"ini",
    b"local",
    b"localdomain",
];

/// Accept an address within RFC 5321's lengths that is no file name and no SSH remote such as `git@host:path`.
pub fn email(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let value = region.value();
    let start = behind_url(region);
    let (local, domain) = parted(&value[start..], b'@');
    let is_remote = local == b"git" && region.after(1) == b":";
    let is_too_long = local.len() > LOCAL_LONGEST || domain.len() > DOMAIN_LONGEST;
    if is_too_long || is_remote || has(local, b"..") || is_no_domain(domain) {
        return Vec::new();
    }
    vec![region.part(start..value.len())]
}

/// Accept an address whose local part is a quoted string (RFC 5321 section 4.1.2); what only quotes a mark or a key is none.
pub fn quoted_email(region: &Region<'_>, _rule: Option<Rule>) -> Vec<Span> {
    let (local, domain) = parted(region.value(), b'@');
    let is_plain = |byte: &u8| !matches!(byte, b'\\' | b'"');
    let start = local.iter().position(is_plain).unwrap_or(local.len());
    let end = local.iter().rposition(is_plain).map_or(start, |last| last + 1);
    let inner = &local[start..end];
    let is_word = [inner.first(), inner.last()].iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric));
    let is_accepted = is_word
        && local.len() <= LOCAL_LONGEST
        && !inner.contains(&b'=')
        && !has(inner, b"\": ")
        && !is_no_domain(domain);
    whole_if(is_accepted, region)
}

/// Leave out the path or query of a URL that an address stands in, and a name that it is assigned to: their marks may stand in a local part.
fn behind_url(region: &Region<'_>) -> usize {
    let (local, _) = parted(region.value(), b'@');
    let is_assigned = || local.iter().position(|byte| *byte == b'=').is_some_and(|sign| is_identifier(&local[..sign]));
    let has_query = || local.iter().any(|byte| matches!(byte, b'?' | b'&'));
    if local.len() > LOCAL_LONGEST || has_query() || is_assigned() || is_in_url(region.before(URL_LONGEST)) {
        local.iter().rposition(|byte| b"/?&=".contains(byte)).map_or(0, |mark| mark + 1)
    } else {
        0
    }
}

fn is_in_url(before: &[u8]) -> bool {
    before.rsplit(|byte| matches!(byte, b' ' | b'\n')).next().is_some_and(|word| has(word, b"://"))
}

fn is_identifier(text: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.first().is_some_and(|first| !first.is_ascii_digit()) && text.iter().all(is_of_name)
}

fn is_no_domain(domain: &[u8]) -> bool {
    let (_, top) = parted(domain, b'.');
    NO_DOMAINS.iter().any(|name| top.eq_ignore_ascii_case(name))
}

/// Return what stands before and behind the last `mark`; where there is none, all of it stands behind.
fn parted(text: &[u8], mark: u8) -> (&[u8], &[u8]) {
    match text.iter().rposition(|byte| *byte == mark) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (b"", text),
    }
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
