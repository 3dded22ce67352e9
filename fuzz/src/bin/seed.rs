//! Writes the first inputs of every target, taken from the vectors: `seed VECTORS CORPORA`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [vectors, corpora] = &arguments[..] else { return Err("usage: seed VECTORS CORPORA".into()) };
    for path in json_files(vectors)? {
        let json: Value = serde_json::from_slice(&fs::read(&path)?)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(cases) = json.as_array() {
            for (case, i) in cases.iter().zip(0..) {
                write(corpora, "combine", &format!("{stem}-{i}"), &combine_input(case))?;
            }
            continue;
        }
        if let Some(text) = json["manifest"].as_str() {
            write(corpora, "manifest", &stem, text.as_bytes())?;
        }
        if let Some(hex) = json["manifestHex"].as_str() {
            write(corpora, "manifest", &stem, &HEXLOWER.decode(hex.as_bytes())?)?;
        }
        let values = json["values"].as_object().into_iter().flatten().map(|(_, value)| value);
        let shares: Vec<Vec<u8>> = values
            .filter_map(Value::as_str)
            .map(|hex| HEXLOWER.decode(hex.as_bytes()))
            .collect::<Result<_, _>>()?;
        if !shares.is_empty() {
            let mut input = vec![shares.len() as u8];
            input.extend(shares.into_iter().flatten());
            write(corpora, "share", &stem, &input)?;
        }
        for (case, i) in json["cases"].as_array().into_iter().flatten().zip(0..) {
            if let Some(text) = case["text"].as_str() {
                let line = format!("{text} current 2026-11-24\n");
                write(corpora, "key_file", &format!("{stem}-{i}"), line.as_bytes())?;
            }
        }
    }
    write(corpora, "config", "everything", CONFIG.as_bytes())?;
    Ok(())
}

/// A configuration with every section.
const CONFIG: &str = r#"version = 1
threshold = "2-of-3"
write-quorum = 2
ttl = "30d"
part-size = "8MiB"
pad-to = "64KiB"
[[backend]]
id = "a"
url = "mem:"
namespace = "x1"
labels = { site = "home" }
removable = true
settings = { token = { env = "NOT_SET" }, region = "eu", count = 3, flag = true }
[placement]
spread = ["site"]
only = { site = ["home"] }
[[placement.pin]]
index = 0
label = "site"
value = "home"
[timeouts]
attempt = "30s"
[retry]
attempts = 3
[limits]
concurrency = 4
up = "2MiB/s"
"#;

/// A case of the scheme's vectors as an input: the first k shares, the last share as target.
fn combine_input(case: &Value) -> Vec<u8> {
    let number = |name: &str| case[name].as_u64().unwrap_or(0) as u8;
    let length = case["piece_len"].as_u64().unwrap_or(0) as u16;
    let mut input = vec![number("k"), number("n"), number("p")];
    input.extend(length.to_le_bytes());
    input.push(number("k"));
    input.extend(0..number("k"));
    input.push(number("n").saturating_sub(1));
    for share in
        case["shares"].as_array().into_iter().flatten().filter_map(Value::as_str).take(number("k").into())
    {
        input.extend(HEXLOWER.decode(share.as_bytes()).unwrap_or_default());
    }
    input
}

fn write(corpora: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = corpora.join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

/// All vector files, in order.
fn json_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(json_files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
