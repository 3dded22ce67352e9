//! Mistakes that only the adapters can find, at their places.

use super::*;
use xstore::backend::SettingProblem;
use xstore::config::{OpenStoreError, Problem};
use xstore::{Code, registry};

#[tokio::test]
async fn adapters_mistakes_have_lines_and_columns_too() {
    let home = Home::new();
    let config = home.config(
        &(backend("a", "fiel:a", "")
            + &backend("b", "file://host/b", "")
            + &backend("c", "file:c", "settings.durabel = true")
            + &backend("d", "sqlite:d", "settings = { busy-timeout = \"1s\" }")
            + &backend("e", "sqlite:e", "settings.max-size =   3")
            + &backend("f", "file:f", "settings.\"a\\u001bb\" = 1")),
    );
    // The keys are missing as well; whoever mends a configuration wants to hear of the mistakes first.
    std::fs::remove_file(home.path("xstore.key")).unwrap();
    for error in [config.open(&registry()).await.unwrap_err(), config.builder(&registry()).await.unwrap_err()]
    {
        assert_eq!(error.code(), Code::ConfigInvalid);
        let OpenStoreError::Config(errors) = &error else { panic!("{error:?}") };
        assert_eq!(errors.file(), Some(&*home.path("xstore.toml")));
        let places: Vec<_> = errors
            .errors()
            .iter()
            .map(|error| (error.position.line, error.position.column, error.field.as_str()))
            .collect();
        assert_eq!(
            places,
            [
                (6, 7, "backend[0].url"),
                (11, 7, "backend[1].url"),
                (17, 10, "backend[2].settings.durabel"),
                (22, 29, "backend[3].settings.busy-timeout"),
                (27, 23, "backend[4].settings.max-size"),
                (32, 10, "backend[5].settings.\"a\\u{1b}b\""),
            ]
        );
        let problems: Vec<_> = errors.errors().iter().map(|error| &error.problem).collect();
        assert!(
            matches!(problems[0], Problem::Scheme { scheme, similar: Some("file"), .. } if scheme == "fiel")
        );
        assert!(matches!(problems[1], Problem::Url(_)));
        assert_eq!(problems[2], &Problem::Setting(SettingProblem::Unknown));
        assert!(matches!(
            problems[3],
            Problem::Setting(SettingProblem::Type { expected: "a whole number", .. })
        ));
        assert!(matches!(problems[4], Problem::Setting(SettingProblem::Value(_))));
        let report = xstore::report(&error).to_string();
        assert!(report.starts_with("CONFIG_INVALID: the configuration has mistakes\n- "), "{report}");
        // Which kinds there are depends on the features.
        let schemes: Vec<_> = registry().schemes().map(|scheme| format!("{scheme}:")).collect();
        let expected = format!(
            ":6:7: backend[0].url: no backend is known for fiel:, only for {}; did you mean file:?\n",
            schemes.join(", ")
        );
        assert!(report.contains(&expected), "{report}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn one_folder_under_two_names_is_refused_before_anything_is_opened() {
    let home = Home::new();
    std::fs::create_dir(home.path("real")).unwrap();
    std::os::unix::fs::symlink("real", home.path("link")).unwrap();
    let path = home.write(
        &(backend("a", "file:real", "") + &backend("b", "file:link/", "") + &backend("c", "file:other", "")),
    );
    let errors = Config::load(&path).unwrap_err();
    let [error] = errors.errors() else { panic!("{errors}") };
    assert_eq!((error.position.line, error.position.column), (11, 7));
    assert_eq!(error.problem, Problem::SamePlace { id: "a".into(), line: 6 });
}

#[cfg(unix)]
#[tokio::test]
async fn a_secret_reaches_the_adapter_and_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let secret = home.path("secret");
    std::fs::write(&secret, "hunter2\n").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640)).unwrap();
    let tables = backend("a", "file:a", "settings.durable = { file = \"secret\" }")
        + &backend("b", "file:b", "settings.durable = \"hunter2\"")
        + &backend("c", "file:c", "");
    let path = home.write(&tables);
    let lax = Config::load(&path).unwrap_err();
    assert!(lax.to_string().contains("mode 0640"), "{lax}");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let config = Config::load(&path).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    // The adapter wants something else; what it got isn't shown.
    let error = config.open(&registry()).await.unwrap_err();
    assert!(error.to_string().contains("it must be true or false, not a secret"), "{error}");
    assert!(error.to_string().contains("it must be true or false, not text"), "{error}");
    assert!(!format!("{error} {error:?} {}", xstore::report(&error)).contains("hunter2"));
}
