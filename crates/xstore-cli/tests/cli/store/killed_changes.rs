//! kill -9 at any moment of a change: the object is readable all the while, a sweep leaves nothing that isn't needed.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Child, Shop, payload};

const PARTS: usize = 10;

fn shop(seed: u64) -> Shop {
    Shop::over("2-of-3", "file:red file:blue file:green file:amber file:white", "part-size = \"64KiB\"")
        .holding(payload(600_000, seed))
}

fn killed(shop: &Shop, arguments: &str, after: u64) {
    let mut command = shop.stage.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let child = Child::start(command);
    sleep(Duration::from_millis(after));
    child.signal(Signal::KILL);
    child.was_killed();
    shop.gets();
}

fn files(shop: &Shop) -> Vec<String> {
    shop.stage.names(".").into_iter().filter(|name| name.starts_with("m.json")).collect()
}

#[test]
fn repairs() {
    let shop = shop(1);
    for step in 0..12 {
        for part in 0..PARTS {
            let path = shop.share(part, (part + step) % 3);
            // One that is missing, one that is damaged, in turn.
            if part % 2 == 0 {
                fs::remove_file(path).expect("a share");
            } else {
                fs::write(path, "x").expect("a share");
            }
        }
        killed(&shop, "repair --manifest m.json", step as u64 * 15);
        // Twice, sometimes without cleaning up between.
        if step % 3 == 0 {
            killed(&shop, "repair --manifest m.json", 40);
        }
        shop.run("sweep --quiet").succeeds();
        assert_eq!(files(&shop), ["m.json"]);
        shop.gets();
        shop.run("repair --quiet --manifest m.json").succeeds();
        shop.run("verify --quiet --manifest m.json").succeeds();
        assert_eq!(shop.values().len(), 3 * PARTS);
    }
}

#[test]
fn migrations() {
    let shop = shop(2);
    for step in 0..12 {
        let from = shop.manifest()["parts"][0]["shares"][0]["backendId"].as_str().expect("a name").to_owned();
        let to = if from == "amber" { "red" } else { "amber" };
        // Where another share of the part is or was, it can't go; then it stays.
        let arguments = format!("migrate --manifest m.json --from {from} --to {to}");
        killed(&shop, &arguments, step * 12);
        shop.run("sweep --quiet").succeeds();
        assert_eq!(files(&shop), ["m.json"]);
        shop.gets();
        shop.run("verify --quiet --manifest m.json").succeeds();
        assert_eq!(shop.values().len(), 3 * PARTS);
        shop.run(&arguments);
        shop.run("verify --quiet --manifest m.json").succeeds();
        assert_eq!(shop.values().len(), 3 * PARTS);
    }
}

#[test]
fn reshares() {
    let shop = shop(3);
    let mut done = 0;
    for step in 0..12 {
        killed(&shop, "reshare --manifest m.json --threshold 3-of-5", step * 20);
        shop.run("sweep --quiet").succeeds();
        shop.gets();
        let n =
            usize::try_from(shop.manifest()["threshold"]["n"].as_u64().expect("a number")).expect("small");
        let old = files(&shop).into_iter().find(|name| name.contains(".generation-"));
        let Some(old) = old else {
            assert_eq!((files(&shop), shop.values().len()), (vec!["m.json".to_owned()], n * PARTS));
            continue;
        };
        done += 1;
        shop.run(&format!("rm --quiet --manifest {old}")).succeeds();
        assert_eq!((files(&shop), shop.values().len()), (vec!["m.json".to_owned()], n * PARTS));
        shop.run("verify --quiet --manifest m.json").succeeds();
    }
    // Whether any got so far before it was killed is the machine's speed; one without a kill always does.
    if done == 0 {
        shop.run("reshare --quiet --manifest m.json --threshold 3-of-5 --remove-old").succeeds();
        shop.gets();
    }
}
