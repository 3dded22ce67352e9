//! Constant memory: a few parts, however long the object.

use std::io::{Read, Write};
use std::process::{Child, Stdio};

use crate::support::{Shop, URLS, eventually};

const LIMIT_KIB: u64 = 100 * 1024;
const MIB: usize = 1 << 20;
/// Well above the limit.
const LENGTH: usize = 144;

/// The process's peak of resident memory so far.
fn peak_kib(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// A MiB of the payload: cheap, and different from every other.
fn block(number: usize) -> Vec<u8> {
    number.to_le_bytes().repeat(MIB / size_of::<usize>())
}

#[test]
fn far_more_than_the_limit_through_pipes() {
    // Nothing is synced: that is what the time would go to.
    let shop = Shop::over("2-of-3", URLS, "part-size = \"1MiB\"\nallow-volatile = true");
    for id in ["red", "blue", "green"] {
        let url = format!("url = \"file:{id}\"\n");
        shop.configure(&url, &format!("{url}settings = {{ durable = false }}\n"));
    }
    let mut put = shop
        .stage
        .command("put - --quiet --manifest m.json")
        .stdin(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut input = put.stdin.take().expect("a pipe");
    for number in 0..LENGTH {
        input.write_all(&block(number)).expect("the command reads");
    }
    // Its input is open, so it is still there.
    let lines = || shop.stage.read("m.json.pending").iter().filter(|b| **b == b'\n').count();
    eventually("it is read", || lines() >= LENGTH - 4);
    let peak = peak_kib(&put).expect("it runs");
    drop(input);
    assert!(put.wait().expect("it ends").success());
    assert!(peak > 1024 && peak < LIMIT_KIB, "put: {peak} KiB");

    let mut get = shop
        .stage
        .command("get --quiet --manifest m.json --output -")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut output = get.stdout.take().expect("a pipe");
    let mut bytes = vec![0; MIB];
    for number in 0..LENGTH {
        if number == LENGTH - 1 {
            // The last MiB doesn't fit into the pipe, so it is still there.
            let peak = peak_kib(&get).expect("it runs");
            assert!(peak > 1024 && peak < LIMIT_KIB, "get: {peak} KiB");
        }
        output.read_exact(&mut bytes).expect("the command writes");
        assert!(bytes == block(number), "block {number}");
    }
    assert!(get.wait().expect("it ends").success());
}
