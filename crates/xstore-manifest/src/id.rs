//! Random ids of objects and sharings.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;

use crate::{Problem, hex};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id with these bytes. A new id needs 16 fresh random ones.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The sixteen bytes.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                HEXLOWER.encode_display(&self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        /// Reads exactly 32 lower-case hex digits; anything else is [`Problem::Hex`].
        impl FromStr for $name {
            type Err = Problem;

            fn from_str(text: &str) -> Result<Self, Problem> {
                hex::decode(text).map(Self)
            }
        }
    };
}

id! {
    /// Names an object for its whole life; shown as 32 lower-case hex digits.
    ObjectId
}

id! {
    /// Names one run of the scheme with fresh randomness; shown as 32 lower-case hex digits.
    ///
    /// Shares of different sharings never combine. Under one sharing id, an index and a segment number have
    /// one body, for ever.
    SharingId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_both_ways_and_nothing_else_is_read() {
        let id = ObjectId::from_bytes(std::array::from_fn(|i| u8::try_from(i * 17).unwrap()));
        assert_eq!(id.to_string(), "00112233445566778899aabbccddeeff");
        assert_eq!(format!("{id:?}"), "ObjectId(00112233445566778899aabbccddeeff)");
        assert_eq!("00112233445566778899aabbccddeeff".parse(), Ok(id));
        for text in [
            "",
            "00112233445566778899aabbccddeef",
            "00112233445566778899aabbccddeeff0",
            "00112233445566778899aabbccddeeff00",
            "00112233445566778899AABBCCDDEEFF",
            "0x112233445566778899aabbccddeeff",
            " 0112233445566778899aabbccddeeff",
            "0011223344556677889\u{e9}abbccddeef",
            "0011223344556677889\u{ff11}bccddeef",
        ] {
            assert_eq!(text.parse::<SharingId>(), Err(Problem::Hex { digits: 32 }), "{text:?}");
        }
    }
}
