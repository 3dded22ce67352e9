//! New stores.

use super::*;
use xstore::backend::BackendUrl;
use xstore::config::{Draft, DraftBackend, OpenStoreError, suggest_id};
use xstore::{Code, registry};

#[tokio::test]
async fn a_draft_becomes_a_store() {
    let home = Home::new();
    let mut draft = Draft::new("2-of-3".parse().unwrap());
    let mut ids = Vec::new();
    for url in ["file:one/shares", "file:two/shares", "sqlite:three.db"] {
        let url = BackendUrl::new(url).unwrap();
        let id = suggest_id(&url, &ids);
        draft = draft.backend(DraftBackend::new(id.clone(), url).namespace(format!("ns-{id}")));
        ids.push(id);
    }
    for folder in ["one", "two"] {
        std::fs::create_dir(home.path(folder)).unwrap();
    }
    std::fs::write(home.path("xstore.toml"), draft.to_text()).unwrap();
    let config = Config::load(&home.path("xstore.toml")).unwrap();
    let store = config.create(&registry()).await.unwrap();
    for mark in ["one/shares/ns-shares/mark", "two/shares/ns-shares-2/mark", "three.db"] {
        assert!(home.path(mark).is_file(), "{mark}");
    }
    let object = store.put("doc", "bytes").await.unwrap();
    // Once more is no harm.
    let again = config.create(&registry()).await.unwrap();
    assert_eq!(again.get(&object).await.unwrap(), b"bytes");
}

#[tokio::test]
async fn every_backend_that_cant_be_made_is_named() {
    let home = Home::new();
    let tables = backend("good", "file:good", "")
        + &backend("a", "file:no/such/folder", "")
        + &backend("b", "sqlite:no/such.db", "");
    let config = home.config(&tables);
    let error = config.create(&registry()).await.unwrap_err();
    assert_eq!(error.code(), Code::BackendUnavailable);
    let OpenStoreError::Backends(unopened) = &error else { panic!("{error:?}") };
    let names: Vec<_> = unopened.iter().map(|unopened| unopened.backend.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let text = error.to_string();
    assert!(
        text.starts_with("a: BACKEND_UNAVAILABLE: ") && text.contains("; b: BACKEND_UNAVAILABLE: "),
        "{text}"
    );
    let report = xstore::report(&error).to_string();
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines[0], "BACKEND_UNAVAILABLE: not every backend can be opened");
    assert!(
        lines[1].starts_with("- a: ") && lines[2].starts_with("- b: ") && lines[3].starts_with("hint: "),
        "{report}"
    );
    // Opening makes nothing.
    config.open(&registry()).await.unwrap();
    assert!(!home.path("no").exists());
}

#[tokio::test]
async fn one_place_behind_two_names_is_found_by_its_mark() {
    let home = Home::new();
    let tables = backend("a", "file:shared", "namespace = \"a1\"")
        + &backend("b", "file:other", "namespace = \"b2\"")
        + &backend("c", "file:third", "namespace = \"c3\"");
    let config = home.config(&tables);
    config.create(&registry()).await.unwrap();
    // What a path doesn't show: the same files under another folder.
    std::fs::remove_dir_all(home.path("other")).unwrap();
    std::fs::create_dir(home.path("other")).unwrap();
    std::fs::create_dir(home.path("other/b2")).unwrap();
    std::fs::copy(home.path("shared/a1/mark"), home.path("other/b2/mark")).unwrap();
    let store = config.open(&registry()).await.unwrap();
    let error = store.put("doc", "bytes").await.unwrap_err();
    assert!(error.to_string().contains("same place"), "{error}");
}

#[tokio::test]
async fn without_keys_there_is_no_store() {
    let home = Home::new();
    let tables = backend("a", "file:a", "") + &backend("b", "file:b", "") + &backend("c", "file:c", "");
    let config = home.config(&tables);
    std::fs::remove_file(home.path("xstore.key")).unwrap();
    for error in [config.open(&registry()).await.unwrap_err(), config.create(&registry()).await.unwrap_err()]
    {
        assert_eq!(error.code(), Code::KeyUnavailable);
        assert!(matches!(error, OpenStoreError::Keys(_)), "{error:?}");
    }
    assert!(!home.path("a").exists(), "nothing was made");
}
