//! Puts that ended at each of their last steps, as the files tell: what was committed is brought to its end, and of
//! what wasn't, everything is removed.

use xstore::config::Config;

use crate::support::{Shop, payload};

/// A put that stored its shares and then came no further.
struct Unfinished {
    shop: Shop,
    /// The journal before and after the commit.
    open: String,
    committed: String,
    manifest: Vec<u8>,
    object: String,
}

impl Unfinished {
    fn new() -> Self {
        let shop = Shop::new();
        let data = payload(100_000, 1);
        let config = Config::load(&shop.stage.path("xstore.toml")).expect("the configuration is good");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (open, committed, manifest, object) = runtime.block_on(async {
            let store = config.open(&xstore::registry()).await.expect("the store can be opened");
            let ticket = store.begin("file").expect("a ticket");
            let manifest = store.put("file", data.clone()).ticket(&ticket).await.expect("it can be put");
            let open = ticket.to_text();
            store.commit(&ticket).expect("it can be committed");
            (open, ticket.to_text(), manifest.to_json(), ticket.object().to_string())
        });
        assert_eq!(shop.values().len(), 3);
        Self { shop: Shop { data, ..shop }, open, committed, manifest, object }
    }

    /// The names beside the store's own.
    fn names(&self) -> Vec<String> {
        let own = ["blue", "green", "red", "xstore.key", "xstore.toml"];
        self.shop.stage.names(".").into_iter().filter(|name| !own.contains(&name.as_str())).collect()
    }
}

#[test]
fn before_the_manifest_is_written() {
    let put = Unfinished::new();
    put.shop.stage.write("m.json.pending", &put.open);
    let ran = put.shop.run("sweep").succeeds().says("");
    assert_eq!(ran.text(), "m.json.pending: swept; 3 places are certain to be empty\n");
    put.shop.is_empty();
    assert_eq!(put.names(), [""; 0]);
    put.shop.run("sweep").succeeds();
}

#[test]
fn in_the_middle_of_a_line() {
    let put = Unfinished::new();
    let cut = put.open.len() + 10;
    put.shop.stage.write("m.json.pending", &put.committed[..cut]);
    put.shop.run("sweep").succeeds();
    put.shop.is_empty();
}

#[test]
fn in_the_middle_of_the_first_line() {
    let put = Unfinished::new();
    for text in ["", &put.open[..30]] {
        put.shop.stage.write("m.json.pending", text);
        let ran = put.shop.run("sweep").succeeds();
        assert_eq!(ran.text(), "m.json.pending: nothing had been stored\n");
        assert_eq!(put.names(), [""; 0]);
    }
}

#[test]
fn with_the_manifest_written_but_not_committed() {
    let put = Unfinished::new();
    put.shop.stage.write("m.json.pending", &put.open);
    for manifest in [&put.manifest[..], &put.manifest[..100], b""] {
        put.shop.stage.write("m.json.new", manifest);
        put.shop.stage.write("m.json.pending", &put.open);
        put.shop.run("sweep --manifest m.json").succeeds();
        put.shop.is_empty();
        assert_eq!(put.names(), [""; 0]);
    }
}

#[test]
fn between_commit_and_rename() {
    let put = Unfinished::new();
    put.shop.stage.write("m.json.pending", &put.committed);
    put.shop.stage.write("m.json.new", &put.manifest);
    let ran = put.shop.run("sweep").succeeds();
    assert_eq!(ran.text(), "m.json.pending: that put had succeeded; its manifest is m.json\n");
    assert_eq!(put.names(), ["m.json"]);
    put.shop.gets();
}

#[test]
fn between_commit_and_rename_the_next_put_finishes_the_first() {
    let put = Unfinished::new();
    put.shop.stage.write("m.json.pending", &put.committed);
    put.shop.stage.write("m.json.new", &put.manifest);
    put.shop.stage.write("other", "x");
    put.shop
        .run("put other --manifest m.json")
        .fails(1)
        .mentions("that put had succeeded; its manifest is m.json\n")
        .mentions("error[MANIFEST_EXISTS]: m.json exists already\n");
    assert_eq!(put.names(), ["m.json", "other"]);
    assert_eq!(put.shop.values().len(), 3);
    put.shop.gets();
}

/// Where a rename takes two steps, both names may be there.
#[test]
fn in_the_middle_of_the_rename_and_after_it() {
    for both in [true, false] {
        let put = Unfinished::new();
        put.shop.stage.write("m.json.pending", &put.committed);
        put.shop.stage.write("m.json", &put.manifest);
        if both {
            put.shop.stage.write("m.json.new", &put.manifest);
        }
        put.shop.run("sweep").succeeds();
        assert_eq!(put.names(), ["m.json"]);
        put.shop.gets();
    }
}

#[test]
fn a_manifest_that_was_taken_elsewhere() {
    let put = Unfinished::new();
    put.shop.stage.write("m.json.pending", &put.committed);
    put.shop.stage.write("elsewhere.json", &put.manifest);
    let ran = put.shop.run("sweep").succeeds();
    assert_eq!(
        ran.text(),
        "m.json.pending: that put had succeeded, and its manifest was taken elsewhere; nothing was removed\n"
    );
    assert_eq!(put.names(), ["elsewhere.json"]);
    assert_eq!(put.shop.values().len(), 3);
}

#[test]
fn a_name_that_something_else_took() {
    let put = Unfinished::new();
    put.shop.stage.write("m.json.pending", &put.committed);
    put.shop.stage.write("m.json.new", &put.manifest);
    put.shop.stage.write("m.json", "mine");
    let aside = format!("m.json.{}.json", put.object);
    let ran = put.shop.run("sweep").succeeds();
    assert_eq!(ran.text(), format!("m.json.pending: that put had succeeded; its manifest is {aside}\n"));
    assert_eq!(put.names(), ["m.json".to_owned(), aside.clone()]);
    assert_eq!(put.shop.stage.read("m.json"), b"mine");
    assert_eq!(put.shop.stage.read(aside), put.manifest);
}

/// Whatever the journal says, the shares of an object whose manifest is in use stay.
#[test]
fn a_manifest_in_use_protects_its_shares() {
    let put = Unfinished::new();
    put.shop.stage.write("m.json.pending", &put.open);
    put.shop.stage.write("m.json", &put.manifest);
    put.shop.run("sweep").succeeds();
    assert_eq!(put.names(), ["m.json"]);
    assert!(put.shop.run("get --quiet --manifest m.json --output -").succeeds().out == put.shop.data);
    // One that is damaged may be mended; nothing is decided for its owner.
    for damaged in [&put.manifest[..put.manifest.len() - 10], &put.manifest.repeat(2)[..]] {
        put.shop.stage.write("m.json.pending", &put.open);
        put.shop.stage.write("m.json", damaged);
        put.shop.run("sweep").fails_with(4, "MANIFEST_INVALID").mentions("isn't intact");
        assert_eq!(put.names(), ["m.json", "m.json.pending"]);
        assert_eq!(put.shop.values().len(), 3);
    }
    // That of another object protects nothing.
    put.shop.stage.write("other", "x");
    put.shop.run("put other --quiet --manifest o.json").succeeds();
    put.shop.stage.write("m.json", put.shop.stage.read("o.json"));
    put.shop.run("sweep --quiet").succeeds();
    assert_eq!(put.shop.values().len(), 3);
    put.shop.run("rm --manifest m.json").succeeds();
    put.shop.is_empty();
}

#[test]
fn a_backend_that_is_away_keeps_the_journal_aside() {
    let put = Unfinished::new();
    let aside = format!("m.json.{}.pending", put.object);
    put.shop.stage.write("m.json.pending", &put.open);
    put.shop.stage.write("m.json.new", &put.manifest);
    put.shop.take("green");
    let ran = put.shop.run("sweep").exits(6).says("");
    assert!(
        ran.text().starts_with(&format!(
            "m.json.pending: not settled yet; kept as {aside}\n  green (share 2): BACKEND_UNAVAILABLE: "
        )),
        "{}",
        ran.text()
    );
    assert!(
        ran.text()
            .ends_with(&format!("help: once these backends are back, clean up with: xstore sweep {aside}\n")),
        "{}",
        ran.text()
    );
    assert_eq!(put.names(), ["green.away".to_owned(), aside.clone()]);
    // It stays where it is until it is settled.
    let report = put.shop.run("sweep --json").exits(6).json();
    assert_eq!([&report[0]["state"], &report[0]["path"]], ["kept", &*aside]);
    assert_eq!(report[0]["problems"][0]["backendId"], "green");
    put.shop.bring_back("green");
    assert_eq!(put.shop.values().len(), 1);
    put.shop.run(&format!("sweep {aside}")).succeeds();
    put.shop.is_empty();
    assert_eq!(put.names(), [""; 0]);
}

#[test]
fn the_next_put_clears_its_way_and_goes_on() {
    let put = Unfinished::new();
    put.shop.configure("version = 1\n", "version = 1\nwrite-quorum = 2\n");
    let aside = format!("m.json.{}.pending", put.object);
    put.shop.stage.write("m.json.pending", &put.open);
    put.shop.stage.write("file", "newer");
    put.shop.take("green");
    let ran = put.shop.run("put file --manifest m.json").exits(6);
    ran.mentions("m.json.pending: an earlier put didn't come to its end; cleaning up first\n")
        .mentions(&format!("kept as {aside}\n"));
    assert_eq!(put.names(), ["file".to_owned(), "green.away".to_owned(), "m.json".to_owned(), aside]);
    put.shop.bring_back("green");
    // The journal put aside is of the older object: the newer one isn't in its way.
    put.shop.run("sweep --manifest m.json").succeeds();
    assert_eq!(put.names(), ["file", "m.json"]);
    assert_eq!(put.shop.run("get --quiet --manifest m.json --output -").succeeds().out, b"newer");
    put.shop.run("rm --manifest m.json").succeeds();
    put.shop.is_empty();
}
