//! New files load, and say what they were asked to.

use super::*;

fn backend(id: &str, url: &str) -> DraftBackend {
    DraftBackend::new(BackendId::new(id).unwrap(), BackendUrl::new(url).unwrap())
}

fn draft() -> Draft {
    let labels = Labels::new([("site", "home"), ("p.q", "a \"b\" 'c' \\ é")]).unwrap();
    Draft::new("2-of-3".parse().unwrap())
        .backend(backend("disk", "file:/mnt/it's \"here\"\\x").namespace("a1").labels(labels).removable())
        .backend(backend("win", r"file:C:\shares").namespace("b2"))
        .backend(backend("plain", "mem:"))
}

#[test]
fn what_was_asked_for_comes_back() {
    let text = draft().key_file("keys \"x\"\n.key").to_text();
    let config = good(&text);
    assert_eq!(config.threshold().to_string(), "2-of-3");
    assert_eq!(config.key_file(), base().join("keys \"x\"\n.key"));
    let [disk, win, plain] = config.backends() else { panic!("three") };
    assert_eq!((disk.id().as_str(), disk.url().as_str()), ("disk", "file:/mnt/it's \"here\"\\x"));
    assert_eq!((disk.namespace(), disk.is_removable()), (Some("a1"), true));
    assert_eq!(disk.labels().iter().collect::<Vec<_>>(), [("p.q", "a \"b\" 'c' \\ é"), ("site", "home")]);
    assert_eq!(
        (win.url().as_str(), win.namespace(), win.is_removable()),
        (r"file:C:\shares", Some("b2"), false)
    );
    assert_eq!(plain.namespace(), None);
    // All else is as in a file that says nothing more.
    let bare = good(
        "version = 1\nthreshold = \"2-of-2\"\n[[backend]]\nid='a'\nurl='mem:'\n[[backend]]\nid='b'\nurl='mem:'",
    );
    assert_eq!(format!("{:?}", config.settings()), format!("{:?}", bare.settings()));
    assert!(config.limits().is_none() && config.placement().rules().is_empty());
    assert_eq!((config.ttl(), config.write_quorum(), config.allows_volatile()), (None, None, false));
}

#[test]
fn the_proposals_are_good_when_they_are_uncommented() {
    let text = draft().to_text();
    let is_field = |line: &str| {
        let name = line.split_once(" = ").map_or("", |(name, _)| name);
        (!name.is_empty() && !name.contains(' ')) || line.starts_with('[')
    };
    let mut count = 0;
    let lines = text.lines().map(|line| match line.strip_prefix("# ").filter(|rest| is_field(rest)) {
        Some(field) => {
            count += 1;
            field
        }
        None => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(count, 10, "{text}");
    // The proposed rule lets backends in that this one has none of.
    let errors = read(&text).unwrap_err();
    let [error] = errors.errors() else { panic!("{errors}") };
    assert_eq!(error.field, "placement");
    let config = good(&text.replace("only = ", "# only = "));
    assert_eq!((config.write_quorum(), config.ttl()), (Some(2), Some(Duration::from_secs(30 * 86_400))));
    assert!(config.limits().is_some());
}

#[test]
fn it_is_pleasant_to_read() {
    let text = draft().to_text();
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    assert!(
        !text.contains("\n\n\n") && text.ends_with('\n') && !text.lines().any(|line| line.ends_with(' '))
    );
    assert!(text.contains("threshold = \"2-of-3\"\n") && text.contains("one alone is noise"));
    // What needs no escapes has none.
    assert!(text.contains("url = 'file:C:\\shares'\n"), "{text}");
    assert!(text.contains("labels = { \"p.q\" = ") && text.contains(", site = \"home\" }\n"), "{text}");
    let large = Draft::new("5-of-9".parse().unwrap()).to_text();
    assert!(
        large.contains("Any 5 of the 9 shares of an object give it back; 4 of them are noise."),
        "{large}"
    );
}
