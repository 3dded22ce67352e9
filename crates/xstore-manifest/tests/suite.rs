//! Everything but the vectors, in one program.

#![allow(clippy::unwrap_used, reason = "the helpers of tests panic as the tests themselves do")]

#[path = "support/canonical.rs"]
mod canonical;
#[path = "support/random.rs"]
mod random;
#[path = "support/sample.rs"]
mod sample;

#[path = "suite/canonical_form.rs"]
mod canonical_form;
#[path = "suite/form.rs"]
mod form;
#[path = "suite/hostile.rs"]
mod hostile;
#[path = "suite/messages.rs"]
mod messages;
#[path = "suite/roundtrip.rs"]
mod roundtrip;
#[path = "suite/rules.rs"]
mod rules;
#[path = "suite/share_key.rs"]
mod share_key;
#[path = "suite/tamper.rs"]
mod tamper;
#[path = "suite/trust.rs"]
mod trust;
