//! Texts that aren't one JSON text in UTF-8.

use xstore_manifest::{Error, Syntax};

use crate::case::{Case, edited, good};

pub(crate) fn cases() -> Vec<Case> {
    let syntax = |kind, column| Error::Syntax { kind, line: 1, column };
    let length = good().len();
    let column = |text: &str, of: &str| text.find(of).unwrap() + 1;
    let limit = (64 << 10) + 8 * 1024;
    vec![
        Case::bad("bad-empty", "No text", "Zero bytes are no manifest.", "", syntax(Syntax::Truncated, 0)),
        Case::bad(
            "bad-truncated",
            "The last byte is missing",
            "A text that was cut off.",
            &good()[..length - 1],
            syntax(Syntax::Truncated, length - 1),
        ),
        Case::bad(
            "bad-trailing-data",
            "Something after the manifest",
            "A second, empty object follows. A reader that stops at the first would accept.",
            good() + "{}",
            syntax(Syntax::Trailing, length + 1),
        ),
        Case::bad(
            "bad-trailing-nul",
            "A NUL after the manifest",
            "Only the four white space characters of JSON may stand around it.",
            good() + "\0",
            syntax(Syntax::Trailing, length + 1),
        ),
        Case::bad(
            "bad-byte-order-mark",
            "A byte order mark before the manifest",
            "U+FEFF is no white space of JSON.",
            format!("\u{feff}{}", good()),
            Error::ByteOrderMark,
        ),
        Case::bad(
            "bad-not-utf8",
            "A byte that is no UTF-8",
            "The name's last letter in Latin-1.",
            latin1(),
            Error::NotUtf8 { offset: latin1().iter().position(|byte| *byte == 0xe9).unwrap() },
        ),
        Case::bad(
            "bad-surrogate-in-utf8",
            "A lone surrogate as three bytes",
            "ED A0 80 would be U+D800, which UTF-8 doesn't have.",
            surrogate(),
            Error::NotUtf8 { offset: surrogate().iter().position(|byte| *byte == 0xed).unwrap() },
        ),
        {
            let text = edited("\"empty\":\"\"", "\"empty\":\"\\ud83d\"");
            let at = column(&text, "\\ud83d\"") + 6;
            Case::bad(
                "bad-lone-surrogate",
                "Half of an escaped surrogate pair",
                "It stands for no character; readers that put U+FFFD there would disagree with others.",
                text,
                syntax(Syntax::Unexpected, at),
            )
        },
        {
            let text = edited("tab\\t", "tab\t");
            let at = column(&text, "\t");
            Case::bad(
                "bad-raw-control",
                "A raw tab in a string",
                "Control characters below U+0020 must be escaped.",
                text,
                syntax(Syntax::Unexpected, at),
            )
        },
        {
            let text = edited("\"p\":3", "\"p\":03");
            let at = column(&text, "03,\"part\"") + 1;
            Case::bad(
                "bad-leading-zero",
                "A number with a leading zero",
                "03 is no JSON.",
                text,
                syntax(Syntax::Unexpected, at),
            )
        },
        {
            let text = edited("\"version\":1}", "\"version\":1,}");
            let at = text.len();
            Case::bad(
                "bad-trailing-comma",
                "A comma before the closing brace",
                "JSON has none.",
                text,
                syntax(Syntax::Unexpected, at),
            )
        },
        Case::bad(
            "bad-too-long",
            "One byte over what two parts and six shares may take",
            "64 KiB + 1 KiB for each part and each entry of shares; the rest is white space.",
            good() + &" ".repeat(limit + 1 - length),
            Error::TooLong { length: limit + 1, limit },
        ),
    ]
}

fn latin1() -> Vec<u8> {
    let text = edited("001/\u{e9}\"", "001/?\"").into_bytes();
    text.into_iter().map(|byte| if byte == b'?' { 0xe9 } else { byte }).collect()
}

fn surrogate() -> Vec<u8> {
    let text = edited("\"empty\":\"\"", "\"empty\":\"???\"").into_bytes();
    let mut bytes = [0xed, 0xa0, 0x80].into_iter();
    text.into_iter().map(|byte| if byte == b'?' { bytes.next().unwrap() } else { byte }).collect()
}
