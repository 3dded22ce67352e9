//! Disks that fill up.

use crate::support::{Shop, payload, with_small_disk};

#[test]
fn a_backend_that_is_full() {
    let shop = Shop::new();
    shop.stage.write("file", payload(3 << 20, 1));
    // The store's third place is on a disk of one MiB.
    let script = "\"$0\" init -q --threshold 2-of-3 file:red file:blue file:small/b --config s.toml && \
                  { \"$0\" put file --manifest m.json --config s.toml; code=$?; find small/b -type f | wc -l; exit $code; }";
    let Some(ran) = with_small_disk(&shop.stage, script) else { return };
    let ran = ran.exits(8);
    // The mark, and nothing else.
    assert_eq!(ran.text().trim(), "1");
    ran.mentions("error[SHARE_UPLOAD_FAILED]: ")
        .mentions("\n  b (share 2, part 0): BACKEND_QUOTA_EXCEEDED: ");
    assert!(!shop.stage.has("m.json") && !shop.stage.has("m.json.pending"));
    shop.is_empty();
}

#[test]
fn an_output_on_a_full_disk() {
    let shop = Shop::new().holding(payload(3 << 20, 2));
    let script = "\"$0\" get --manifest m.json --output small/out; code=$?; ls -A small; exit $code";
    let Some(ran) = with_small_disk(&shop.stage, script) else { return };
    ran.fails_with(1, "SINK_FAILED").mentions("small/out: ").mentions("No space left on device");
}

/// Neither the journal nor the manifest fits: what had been stored is removed.
#[test]
fn a_manifest_on_a_full_disk() {
    let shop = Shop::new();
    shop.stage.write("file", payload(300_000, 3));
    shop.configure("version = 1\n", "version = 1\npart-size = \"4KiB\"\n");
    for kept in [0, 4, 16, 40] {
        let script = format!(
            "head -c $((1048576 - {kept} * 1024)) /dev/zero > small/filler; \
             \"$0\" put file --manifest small/m.json; code=$?; rm small/filler; ls -A small; exit $code"
        );
        let Some(ran) = with_small_disk(&shop.stage, &script) else { return };
        ran.fails_with(1, "SINK_FAILED").mentions("No space left on device");
        shop.is_empty();
        std::fs::remove_dir(shop.stage.path("small")).expect("an empty folder");
    }
}
