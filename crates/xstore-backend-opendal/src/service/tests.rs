use super::*;

#[test]
fn services_are_found_by_name_and_others_are_refused_with_a_reason() {
    for service in Service::ALL {
        assert_eq!(Service::by_name(service.name()), Ok(*service));
        assert_eq!(service.to_string(), service.name());
    }
    let names: Vec<&str> = Service::ALL.iter().map(|service| service.name()).collect();
    assert!(names.is_sorted(), "{names:?}");
    let unknown = Service::by_name("webdave").unwrap_err();
    assert!(names.iter().all(|name| unknown.contains(name)), "{unknown}");
    for (name, why) in REFUSED {
        assert!(Service::by_name(name).unwrap_err().contains(why));
        assert!(!names.contains(name));
    }
}

#[test]
fn what_is_said_of_a_service_fits_together() {
    for service in Service::ALL {
        let facts = service.facts();
        assert!(facts.max_put >= 80 << 20, "{service}");
        assert!(!facts.durable || facts.may_be_durable, "{service}");
        // Between looking and renaming there is always a moment.
        assert!(facts.whole == Whole::AtOnce || !facts.create_only, "{service}");
        // What writes under another name has folders to find it in again.
        assert!(facts.whole == Whole::AtOnce || facts.place == Place::Folder, "{service}");
        let has_root = facts.options.iter().any(|option| option.name == ROOT);
        assert_eq!(has_root, facts.place != Place::Sure, "{service}");
        for option in facts.options {
            let sounds_secret = ["password", "token", "secret", "application_key"].contains(&option.name);
            assert_eq!(option.kind == OptKind::Secret, sounds_secret, "{service} {}", option.name);
        }
    }
}

/// OpenDAL ignores an option that it doesn't know, so each that is passed on must be one that it does.
#[test]
fn each_option_is_one_of_opendals() {
    fn knows<C: opendal_core::Configurator>(service: Service) {
        for Opt { name, kind, .. } in service.facts().options {
            let value = if *kind == OptKind::Flag { "true" } else { "canary" };
            let config = C::from_iter([((*name).to_owned(), value.to_owned())]).unwrap();
            // What a configuration serialises is what it knows.
            let none = C::from_iter([("no_such_option".to_owned(), value.to_owned())]).unwrap();
            assert_ne!(text(&config), text(&none), "{service} doesn't know {name}");
        }
    }
    fn text<C: opendal_core::Configurator>(config: &C) -> String {
        serde_json::to_string(config).unwrap()
    }
    #[cfg(feature = "b2")]
    knows::<opendal_service_b2::B2Config>(Service::B2);
    #[cfg(all(feature = "fs", unix))]
    knows::<opendal_service_fs::FsConfig>(Service::Fs);
    #[cfg(all(feature = "sftp", unix))]
    knows::<opendal_service_sftp::SftpConfig>(Service::Sftp);
    #[cfg(feature = "webdav")]
    knows::<opendal_service_webdav::WebdavConfig>(Service::Webdav);
}
