//! Patterns as RE2 understands them, in the spelling of Rust's engine.
//!
//! Both read the same syntax; what differs is that `\d`, `\w`, `\s` and `\b` mean ASCII to RE2 and Unicode to Rust.

/// Return `pattern` so that Rust's engine finds in bytes what RE2 finds in UTF-8.
#[must_use]
pub fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('d') => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
                Some('w') => out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
                Some('s') => out.push_str(if in_class { "\\t\\n\\x0C\\r " } else { "[\\t\\n\\x0C\\r ]" }),
                Some('D') => out.push_str("[^0-9]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('S') => out.push_str("[^\\t\\n\\x0C\\r ]"),
                Some('b') => out.push_str("(?-u:\\b)"),
                Some('B') => out.push_str("(?-u:\\B)"),
                Some(other) => {
                    out.push('\\');
                    out.push(other);
                }
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                    out.push_str("\\]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '-' if in_class && chars.peek() == Some(&'-') => out.push_str("\\-"),
            // Signs that mean something in a class to Rust's engine only: nested sets and their differences.
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(char);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_ascii_to_re2_is_spelt_out() {
        assert_eq!(
            translated(r"\bab\d{3}[\d.-][]a&&b[]\w\\b"),
            r"(?-u:\b)ab[0-9]{3}[0-9.-][\]a\&\&b\[][0-9A-Za-z_]\\b"
        );
    }
}
