//! Objects over backends of several kinds.

use super::*;
use std::time::Duration;
use xstore::backend::{BackendId, BackendUrl, Capability, OpenRequest, Setting, Settings};
use xstore::{Code, registry};

/// Longer than a part, so that there are several.
fn payload() -> Vec<u8> {
    (0..300_000_u32).map(|at| (at * 7 % 251) as u8).collect()
}

#[tokio::test]
async fn folder_database_and_memory_hold_an_object_together() {
    let home = Home::new();
    std::fs::create_dir(home.path("disk")).unwrap();
    let tables = backend("disk", "file:disk", "labels = { site = \"home\" }")
        + &backend("db", "sqlite:shares.db", "settings.busy-timeout = 1000\nlabels = { site = \"office\" }")
        + &backend("fleeting", "mem:", "labels = { site = \"nowhere\" }")
        + "[placement]\nspread = [\"site\"]\n[limits]\nconcurrency = 4\nup = \"1GiB/s\"\n";
    let config = home.config(&format!("part-size = \"64KiB\"\nttl = \"1d\"\n{tables}"));
    let store = config.create(&registry()).await.unwrap();
    assert_eq!(store.threshold().to_string(), "2-of-3");
    let object = store.put("doc", payload()).await.unwrap();
    assert!(object.body().parts.len() >= 4, "several parts");
    assert!(files_below(&home.path("disk")) >= 4);
    assert_eq!(store.get(&object).await.unwrap(), payload());
    assert_eq!(object.body().ttl, Some(86_400));

    // What was in memory is gone with the store; the others are enough, for whoever has file and key.
    let json = object.to_json();
    drop(store);
    let again = Config::load(&home.path("xstore.toml")).unwrap().open(&registry()).await.unwrap();
    let object = again.manifest(&json).unwrap();
    assert_eq!(again.get(&object).await.unwrap(), payload());
    assert_eq!(again.get_range(&object, 100_000..100_010).await.unwrap(), payload()[100_000..100_010]);

    std::fs::remove_dir_all(home.path("disk")).unwrap();
    let lost = again.get(&object).await.unwrap_err();
    assert_eq!(lost.code(), Code::InsufficientShares);
}

#[tokio::test]
async fn what_the_configuration_asks_for_holds() {
    let home = Home::new();
    let tables = backend("a", "mem:", "") + &backend("b", "mem:", "") + &backend("c", "mem:", "");
    let refused = home.config(&tables).open(&registry()).await.unwrap_err();
    assert_eq!(refused.code(), Code::LayoutRefused);
    let config = home.config(&format!("allow-volatile = true\n{tables}"));
    let store = config.open(&registry()).await.unwrap();
    let object = store.put("doc", "bytes").await.unwrap();
    assert_eq!(store.get(&object).await.unwrap(), b"bytes");
}

#[tokio::test(start_paused = true)]
async fn a_narrow_line_is_waited_for_and_not_taken_for_a_slow_backend() {
    let home = Home::new();
    let tables = backend("a", "mem:", "") + &backend("b", "mem:", "") + &backend("c", "mem:", "");
    // The line needs about 75 s for each share, and an attempt may take 1 s.
    let limits = "[limits]\nup = \"4KiB/s\"\n[timeouts]\nattempt = \"1s\"\nmin-rate = \"1MiB/s\"\n[retry]\nattempts = 1\n";
    let config = home.config(&format!("allow-volatile = true\npart-size = \"512KiB\"\n{tables}{limits}"));
    let store = config.open(&registry()).await.unwrap();
    let begun = tokio::time::Instant::now();
    let object = store.put("doc", payload()).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(store.get(&object).await.unwrap(), payload());
}

#[tokio::test]
async fn labels_rules_and_absence_reach_the_store() {
    let home = Home::new();
    let tables = backend("a", "mem:", "labels = { site = \"x\" }")
        + &backend("b", "mem:", "labels = { site = \"y\" }")
        + &backend("c", "mem:", "removable = true\nlabels = { site = \"z\" }")
        + "[[placement.pin]]\nindex = 0\nlabel = \"site\"\nvalue = \"z\"\n";
    let store = home.config(&format!("allow-volatile = true\n{tables}")).open(&registry()).await.unwrap();
    let object = store.put("doc", "bytes").await.unwrap();
    let holders = object.body().parts[0].shares.iter().flatten();
    assert_eq!(holders.map(|share| share.backend.as_str()).collect::<Vec<_>>(), ["c", "a", "b"]);
    let status = store.status().await;
    let removable = status.iter().filter(|status| status.is_removable);
    assert_eq!(removable.map(|status| status.backend.as_str()).collect::<Vec<_>>(), ["c"]);
}

/// So that a store may count on a backend that isn't there yet.
#[tokio::test]
async fn every_kind_can_do_what_its_factory_promises() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry();
    let request = |url: &str| {
        let (id, url) = (BackendId::new("x").unwrap(), BackendUrl::new(url).unwrap());
        OpenRequest::new(id, url).with_base(folder.path()).creating()
    };
    let mut seen = Vec::new();
    for (url, settings) in [
        ("mem:", Settings::new()),
        ("file:a", Settings::new()),
        ("file:b", Settings::new().with("durable", Setting::Flag(false))),
        ("sqlite:c", Settings::new()),
    ] {
        let request = request(url).with_settings(settings);
        let promised = registry.capability(&request);
        let opened = registry.open(request.clone()).await.unwrap();
        assert_eq!(promised, opened.capability(), "{url}");
        assert_ne!(promised, Capability::MINIMAL, "{url}");
        seen.push(request.url.scheme().to_owned());
    }
    // The others need servers, and are tried where there are some.
    let here = ["file", "mem", "sqlite"];
    let local: Vec<_> = registry.schemes().filter(|scheme| here.contains(scheme)).collect();
    assert_eq!(local, here);
    assert!(local.iter().all(|scheme| seen.iter().any(|seen| seen == scheme)));
    assert_eq!(registry.capability(&request("other:x")), Capability::MINIMAL);
}
