//! Credentials from where AWS looks for them, each in a process of its own with an environment of its own.

use crate::server::{bucket, config_at, endpoint, fresh_prefix, id, key, value};
use std::fs;
use std::process::Command;
use xstore_backend::{ErrorKind, PutOptions, StorageBackend};
use xstore_backend_s3::S3Backend;

const EXPECT: &str = "XSTORE_TEST_EXPECT";

/// Runs the child below with these variables and none of AWS's besides. Nothing of the machine it runs on counts:
/// neither its files nor the service that gives credentials to machines in a cloud.
fn run(variables: &[(&str, &str)], expected: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "chain::child_that_asks_the_chain", "--nocapture"]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
        .env("AWS_CONFIG_FILE", "no-such-file")
        .env("AWS_SHARED_CREDENTIALS_FILE", "no-such-file")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // It would lead all backends to one server.
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .envs(variables.iter().copied())
        .env(EXPECT, expected);
    let done = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn child_that_asks_the_chain() {
    let Ok(expected) = std::env::var(EXPECT) else { return };
    let opened = S3Backend::open(id(), config_at(&endpoint(), &bucket(), &fresh_prefix())).await;
    match expected.as_str() {
        "good" => {
            let backend = opened.unwrap();
            backend.put(&key("a"), value(10).into(), &PutOptions::create_only()).await.unwrap();
            assert_eq!(backend.get(&key("a"), 10).await.unwrap(), value(10));
        }
        words => {
            let error = opened.unwrap_err();
            assert_eq!((error.kind(), error.may_have_written()), (ErrorKind::AuthFailed, false), "{error:?}");
            assert!(error.to_string().contains(words), "{error:?}");
        }
    }
}

fn keys() -> [String; 2] {
    ["XSTORE_ITEST_S3_ACCESS_KEY", "XSTORE_ITEST_S3_SECRET_KEY"].map(|name| std::env::var(name).unwrap())
}

#[test]
fn keys_of_the_environment() {
    let [id, secret] = keys();
    run(&[("AWS_ACCESS_KEY_ID", &id), ("AWS_SECRET_ACCESS_KEY", &secret)], "good");
    let wrong = [("AWS_ACCESS_KEY_ID", id.as_str()), ("AWS_SECRET_ACCESS_KEY", "wrong")];
    run(&wrong, "the secret access key is wrong");
}

#[test]
fn nobody_gives_any() {
    run(&[], "there are no credentials");
}

#[test]
fn keys_of_a_profile() {
    let [id, secret] = keys();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    fs::write(&file, format!("[backup]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"))
        .unwrap();
    let file = file.to_str().unwrap();
    run(&[("AWS_SHARED_CREDENTIALS_FILE", file), ("AWS_PROFILE", "backup")], "good");
    run(&[("AWS_SHARED_CREDENTIALS_FILE", file), ("AWS_PROFILE", "other")], "there are no credentials");
}

#[cfg(unix)]
#[test]
fn a_program_gives_them() {
    let [id, secret] = keys();
    let folder = tempfile::tempdir().unwrap();
    let (config, answer) = (folder.path().join("config"), folder.path().join("answer"));
    let json = format!(r#"{{"Version": 1, "AccessKeyId": "{id}", "SecretAccessKey": "{secret}"}}"#);
    fs::write(&answer, json).unwrap();
    for (command, expected) in [("cat", "good"), ("false", "whoever should give credentials failed")] {
        fs::write(&config, format!("[default]\ncredential_process = {command} {}\n", answer.display()))
            .unwrap();
        run(&[("AWS_CONFIG_FILE", config.to_str().unwrap())], expected);
    }
}
