//! What a good configuration comes to.

use super::*;
use proptest::prelude::*;
use std::num::{NonZeroU64, NonZeroUsize};
use xstore_core::backend::layer::Timeouts;
use xstore_core::backend::retry::RetryPolicy;
use xstore_share::PadSource;

const ALL: &str = r#"
version = 1
threshold = "2-of-3"
key-file = "keys/ring"
write-quorum = 2
allow-volatile = true
ttl = "30d"
part-size = "1MiB"
pad-to = "64KiB"
os-randomness = true

[[backend]]
id = "red"
url = "file:red"
namespace = "a1-b2"
labels = { site = "home", "p.q" = "x y" }
removable = true
[backend.settings]
number = 0x10
flag = true
text = "t"
secret = { env = "XSTORE_TEST_SECRET" }

[[backend]]
id = "green"
url = "mem:"
labels.site = "office"

[[backend]]
id = "blue"
url = "mem:"

[placement]
spread = ["site"]
only = { site = ["home", "office", "x"] }
never = { site = ["y"] }
[[placement.pin]]
index = 0
label = "site"
value = "home"

[timeouts]
attempt = "10s"
min-rate = "1KiB/s"
share = "1h"
grace = "2h"

[retry]
attempts = 7
initial-delay = "1ms"
factor = 2
max-delay = "1h"

[hedge]
initial = "1s"
min = "2s"
max = "3s"
factor = 1.5

[breaker]
threshold = 9
cool-down = "1s"
max-cool-down = "2s"

[limits]
concurrency = 3
up = "1MiB/s"
down = "2MiB/s"
"#;

/// Without the rules that keep the third backend out, which has no label.
fn without_lists() -> String {
    ALL.replace("only =", "# only =").replace("never =", "# never =")
}

#[test]
fn every_value_arrives() {
    // The third backend has no label and is let in by no rule.
    let config = good(&ALL.replace("id = \"blue\"", "id = \"blue\"\nlabels = { site = \"x\" }"));
    assert_eq!(config.threshold(), Threshold::new(2, 3).unwrap());
    assert_eq!((config.file(), config.key_file()), (None, &*base().join("keys/ring")));
    assert_eq!((config.write_quorum(), config.allows_volatile()), (Some(2), true));
    assert_eq!(config.ttl(), Some(Duration::from_secs(30 * 86_400)));
    let settings = config.settings();
    assert_eq!(
        (settings.part, settings.pad_to, settings.pads),
        (1 << 20, Some(65_536), PadSource::OperatingSystem)
    );
    let rate = NonZeroU64::new(1024).unwrap();
    assert_eq!(settings.timeouts, Timeouts::new(Duration::from_secs(10), rate));
    assert_eq!(settings.share_deadline, Duration::from_secs(3600));
    assert_eq!(settings.grace, Duration::from_secs(7200));
    let retry = RetryPolicy::new(7, Duration::from_millis(1), 2, Duration::from_secs(3600));
    assert_eq!(Ok(settings.retry), retry);
    let seconds = Duration::from_secs;
    let hedge = settings.hedge;
    assert_eq!((hedge.initial, hedge.min, hedge.max), (seconds(1), seconds(2), seconds(3)));
    assert!((hedge.factor - 1.5).abs() < f64::EPSILON);
    let breaker = settings.breaker;
    assert_eq!((breaker.threshold, breaker.cool_down, breaker.max_cool_down), (9, seconds(1), seconds(2)));
    let limits = Limits::new(NonZeroUsize::new(3).unwrap())
        .with_upload(NonZeroU64::new(1 << 20).unwrap())
        .with_download(NonZeroU64::new(2 << 20).unwrap());
    assert_eq!(config.limits(), Some(&limits));
    assert_eq!(config.placement().rules().len(), 4);
}

#[test]
fn backends_and_their_settings_arrive() {
    let config = good(&without_lists());
    let [red, green, blue] = config.backends() else { panic!("three") };
    assert_eq!((red.id().as_str(), red.url().as_str(), red.namespace()), ("red", "file:red", Some("a1-b2")));
    assert_eq!(red.labels().iter().collect::<Vec<_>>(), [("p.q", "x y"), ("site", "home")]);
    assert!(red.is_removable() && !green.is_removable());
    assert_eq!(
        (green.namespace(), green.labels().value("site"), blue.labels().value("site")),
        (None, Some("office"), None)
    );

    let mut settings = red.settings.clone();
    assert_eq!(settings.integer("number", 0, 100), Ok(Some(16)));
    assert_eq!(settings.flag("flag"), Ok(Some(true)));
    assert_eq!(settings.text("text"), Ok(Some("t".into())));
    assert_eq!(settings.secret("secret").unwrap().unwrap().expose(), "hunter2");
    assert_eq!(settings.finish(), Ok(()));
}

#[test]
fn an_absolute_key_file_stays() {
    let path = if cfg!(windows) { "C:\\keys" } else { "/keys" };
    assert_eq!(good(&with(&format!("key-file = '{path}'"))).key_file(), Path::new(path));
}

#[test]
fn a_relative_base_means_the_current_directory_of_now() {
    let here = std::env::current_dir().unwrap();
    for (base, expected) in [("", here.clone()), (".", here.clone()), ("a", here.join("a"))] {
        let config = Config::from_text(&with(""), base.as_ref()).unwrap();
        assert_eq!(config.key_file(), expected.join("xstore.key"));
    }
}

/// Not even one that stands in the wrong place.
#[test]
fn no_secret_is_shown() {
    let config = good(&without_lists().replace("text = \"t\"", "text = \"hunter2\""));
    assert!(!format!("{config:?} {config:#?}").contains("hunter2"));
    for wrong in [
        "ttl = 'hunter2'",
        "key-file = ['hunter2']",
        "x = 'hunter2",
        "backend = 'hunter2'",
        "hunter = 2 'hunter2'",
    ] {
        let errors = read(&with(wrong)).unwrap_err();
        assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{wrong}: {errors:?}");
    }
    for wrong in ["settings.a.env = 'hunter2'", "url = 'redis://me:hunter2@host'", "namespace = 'hunter2!'"] {
        let errors =
            read(&format!("{}{wrong}", with("").replace("url = \"file:/nowhere/blue\"\n", ""))).unwrap_err();
        assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{wrong}: {errors:?}");
    }
}

#[test]
fn every_beginning_of_a_file_is_read_or_refused() {
    for (end, _) in ALL.char_indices() {
        match read(&ALL[..end]) {
            Ok(config) => assert!(config.backends().len() >= 3),
            Err(errors) => assert!(!errors.errors().is_empty() && !errors.to_string().is_empty()),
        }
    }
}

proptest! {
    #[test]
    fn whatever_stands_in_a_file_is_read_or_refused(
        start in 0..ALL.len(),
        gone in 0..40_usize,
        new in r#"[-a-z0-9 ="'\[\]{}.,#\n\\é]{0,20}"#,
    ) {
        let end = (start + gone).min(ALL.len());
        let text = format!("{}{new}{}", &ALL[..start], &ALL[end..]);
        let lines = text.split('\n').count();
        if let Err(errors) = read(&text) {
            prop_assert!(!errors.errors().is_empty());
            for error in errors.errors() {
                prop_assert!((1..=lines).contains(&error.position.line) && error.position.column >= 1);
            }
        }
    }
}
