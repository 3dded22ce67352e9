//! `xstore plan`.

use crate::support::Shop;

const PROVIDERS: &str = "[placement]\nspread = [\"provider\"]\n";

/// Two backends at one provider, one at another, and one more there as a spare.
fn shop(rules: &str) -> Shop {
    let shop = Shop::over("2-of-3", "file:red file:blue file:green file:black", "");
    for (id, labels) in [
        ("red", "provider = \"aws\", jurisdiction = \"eu\""),
        ("blue", "provider = \"azure\", jurisdiction = \"eu\""),
        ("green", "provider = \"gcs\", jurisdiction = \"us\""),
        ("black", "provider = \"aws\""),
    ] {
        shop.configure(&format!("id = \"{id}\"\n"), &format!("id = \"{id}\"\nlabels = {{ {labels} }}\n"));
    }
    let text = String::from_utf8(shop.stage.read("xstore.toml")).expect("text");
    shop.stage.write("xstore.toml", format!("{text}\n{rules}"));
    shop
}

#[test]
fn who_could_do_what() {
    let shop = shop("");
    // Nobody is asked.
    for id in ["red", "blue", "green", "black"] {
        shop.take(id);
    }
    let ran = shop.run("plan").succeeds().says("");
    for text in [
        "2-of-3 over 4 backends, 1 spare: xstore.toml\n",
        "\nred      share 0  yes      yes          jurisdiction=eu provider=aws\n",
        "\nblack    spare    yes      yes          provider=aws\n",
        "\nwho could read: all sets that together have 2 of the 3 shares\n",
        "\n  backend       any 2 of 3 (3 sets)\n",
        "\n  jurisdiction  {eu} <- ONE IS ENOUGH\n",
        "\n  provider      {aws, azure} {aws, gcs} {azure, gcs}\n",
        "\nrules: none\n",
        "\nan object of 1.0 GiB (1073741824 bytes): 128 parts of 8.0 MiB\n",
        "note: one jurisdiction, eu, has 2 shares and can read: spread = [\"jurisdiction\"]",
        "note: one provider, aws, may get 2 shares and read, when spares take over:",
    ] {
        assert!(ran.text().contains(text), "no {text} in {}", ran.text());
    }
    assert!(ran.text().lines().all(|line| line.chars().count() <= 100), "{}", ran.text());
    let report = shop.run("plan --json").succeeds().json();
    assert_eq!(report["power"][1]["read"]["sets"], serde_json::json!([["eu"]]));
    assert_eq!(report["power"][2]["read"]["count"], 3);
    assert_eq!(report["power"][2]["values"][0]["mostShares"], 2);
    assert_eq!(report["backends"][3]["role"], "spare");
}

#[test]
fn how_rules_stand() {
    let rules = format!(
        "{PROVIDERS}never = {{ provider = [\"xx\"] }}\npin = [{{ index = 0, label = \"jurisdiction\", value = \"eu\" }}]\n"
    );
    let shop = shop(&rules);
    let ran = shop.run("plan").succeeds();
    for text in [
        "\n  holds   at most k-1 shares under one provider: the fullest, aws, has 1 of at most 1\n",
        "\n  holds   never a member whose provider is xx or isn't given: 1 backend more than are needed\n",
        "\n  holds   share 0 only on a member whose jurisdiction is eu: 1 other backend could have it instead\n",
        "note: no spare can take the place of blue, green: the rules leave none\n",
    ] {
        assert!(ran.text().contains(text), "no {text} in {}", ran.text());
    }
    let report = shop.run("plan --json").succeeds().json();
    assert_eq!((&report["rules"][0]["holds"], &report["rules"][0]["slack"]), (&true.into(), &0.into()));
}

#[test]
fn what_an_object_costs() {
    let shop = shop(PROVIDERS);
    let report = shop.run("plan --json --size 100KiB").succeeds().json();
    let costs = &report["costs"];
    assert_eq!((costs["bytes"].as_u64(), costs["parts"].as_u64()), (Some(102_400), Some(1)));
    // It is what a put makes.
    shop.stage.write("file", vec![7; 102_400]);
    shop.run("put file --quiet --manifest m.json").succeeds();
    let share = std::fs::metadata(shop.share(0, 0)).expect("a share").len();
    assert_eq!(costs["bytesEach"].as_u64(), Some(share));
    assert_eq!(costs["bytesStored"].as_u64(), Some(3 * share));
    assert_eq!(
        (costs["get"]["requests"].as_u64(), costs["get"]["received"].as_u64()),
        (Some(2), Some(2 * share))
    );
    shop.run("plan --size 5MB").fails(2);
}

#[test]
fn how_probable_it_is() {
    let shop = shop(PROVIDERS);
    let ran = shop.run("plan --availability 0.9").succeeds();
    for text in [
        "\navailability, and the time a year that it isn't so\n",
        "  read (2 of 3 up)",
        // 3 · 0.81 · 0.1 + 0.729
        "  97.20 %  10.2 d\n",
        "  put (all 3), no spares",
        "  72.90 %",
        // Two of `aws` count as one: 0.99 · 0.9 · 0.9
        "  put (all 3), with spares",
        "  80.19 %",
    ] {
        assert!(ran.text().contains(text), "no {text} in {}", ran.text());
    }
    let chances = "--availability 100% --availability provider:aws=0.9 --availability red=0.5 --loss 1e-11";
    let report = shop.run(&format!("plan --json {chances}")).succeeds().json();
    let availability = &report["availability"];
    let near = |value: &serde_json::Value, wanted: f64| {
        let value = value.as_f64().expect("a number");
        assert!((value / wanted - 1.0).abs() < 1e-9, "{value} for {wanted}");
    };
    near(&availability["all"]["alone"]["probability"], 0.5);
    near(&availability["all"]["together"]["probability"], 0.45);
    near(&availability["putWithSpares"]["alone"]["probability"], 1.0);
    near(&availability["putWithSpares"]["together"]["probability"], 0.9);
    near(&report["loss"]["kept"]["alone"]["failure"], 3e-22);
    let ran = shop.run(&format!("plan {chances}")).succeeds();
    assert!(ran.text().contains("each by itself") && ran.text().contains("lost: 3.0e-22"), "{}", ran.text());
    assert!(ran.text().lines().all(|line| line.chars().count() <= 110), "{}", ran.text());
}

#[test]
fn probabilities_of_nobody() {
    let shop = shop("");
    for (arguments, problem) in [
        ("--availability red=0.9", "nothing is said of blue"),
        ("--availability 0.9 --availability pink=0.9", "no backend is named pink"),
        ("--availability 0.9 --loss site:x=0.9", "no backend has the label site:x"),
        ("--availability 0.9 --availability 0.8", "all backends is given twice"),
        ("--availability 1.5", "write a probability as a number from 0 to 1"),
        ("--availability red:=1", "write it as P, ID=P or LABEL:VALUE=P"),
    ] {
        shop.run(&format!("plan {arguments}")).fails(2).mentions(problem);
    }
}

/// No secret is in a plan, in a check or in a status, wherever it stands.
#[test]
fn no_secret_is_printed() {
    let shop = shop("");
    let url = "url = \"file:blue\"";
    for (from, to) in [
        (url, "url = \"s3://bucket/x?sig=canary-77\""),
        (url, "url = \"s3://canary-77@bucket\""),
        (url, "url = \"redis:me:canary-77@host\""),
        (url, "url = \"opendal:webdav://me:canary-77@host\""),
        (url, "url = \"file:blue\"\nsettings = { token = \"canary-77\" }"),
        (url, "url = \"file:blue\"\nsettings = { token = { env = \"canary-77\" } }"),
        (url, "url = \"file:blue\"\nsettings = { durable = { env = \"XSTORE_TEST_CANARY\" } }"),
        (url, "url = \"file:blue\" # canary-77"),
        (url, "url = 'canary-77"),
    ] {
        let before = shop.stage.read("xstore.toml");
        shop.configure(from, to);
        for command in [
            "config check",
            "config check --json",
            "config check --connect",
            "status",
            "status --json",
            "plan",
            "plan --json",
            "plan -vv",
        ] {
            let mut command = shop.stage.command(command);
            command.env("XSTORE_TEST_CANARY", "canary-77");
            let ran = crate::support::Ran::of(command);
            assert!(!ran.text().contains("canary-77") && !ran.err.contains("canary-77"), "{to}: {ran:?}");
        }
        shop.stage.write("xstore.toml", before);
    }
    shop.run("config check").succeeds();
}
