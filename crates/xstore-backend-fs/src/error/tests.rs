use super::*;

#[test]
fn what_is_not_in_the_table_is_other_and_keeps_its_cause() {
    let error = failed("write the value", io::Error::other("strange"));
    assert_eq!(error.kind(), ErrorKind::Other);
    assert_eq!(error.to_string(), "can't write the value: the system reports an unexpected error");
    assert!(std::error::Error::source(&error).is_some_and(|cause| cause.to_string() == "strange"));
}

#[test]
fn a_root_that_is_gone_is_not_retried() {
    let error = root(Path::new("/mnt/disk"), "isn't there");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
    assert_eq!(error.to_string(), "the folder /mnt/disk isn't there");
}

#[cfg(unix)]
mod on_unix {
    use super::*;
    use rustix::io::Errno;
    use std::collections::HashSet;

    /// What a caller relies on, written down a second time.
    const EXPECTED: &[(Errno, ErrorKind, bool)] = &[
        (Errno::NOSPC, ErrorKind::QuotaExceeded, false),
        (Errno::DQUOT, ErrorKind::QuotaExceeded, false),
        (Errno::MLINK, ErrorKind::QuotaExceeded, false),
        (Errno::ACCESS, ErrorKind::AuthFailed, false),
        (Errno::PERM, ErrorKind::AuthFailed, false),
        (Errno::ROFS, ErrorKind::Unavailable, false),
        (Errno::IO, ErrorKind::Unavailable, false),
        (Errno::BADMSG, ErrorKind::Unavailable, false),
        (Errno::NXIO, ErrorKind::Unavailable, true),
        (Errno::NODEV, ErrorKind::Unavailable, true),
        (Errno::STALE, ErrorKind::Unavailable, true),
        (Errno::NOTCONN, ErrorKind::Unavailable, true),
        (Errno::TIMEDOUT, ErrorKind::Unavailable, true),
        (Errno::HOSTDOWN, ErrorKind::Unavailable, true),
        (Errno::HOSTUNREACH, ErrorKind::Unavailable, true),
        (Errno::NETDOWN, ErrorKind::Unavailable, true),
        (Errno::NETUNREACH, ErrorKind::Unavailable, true),
        (Errno::CONNABORTED, ErrorKind::Unavailable, true),
        (Errno::CONNREFUSED, ErrorKind::Unavailable, true),
        (Errno::CONNRESET, ErrorKind::Unavailable, true),
        (Errno::MFILE, ErrorKind::Unavailable, true),
        (Errno::NFILE, ErrorKind::Unavailable, true),
        (Errno::AGAIN, ErrorKind::Unavailable, true),
        (Errno::BUSY, ErrorKind::Unavailable, true),
        (Errno::INTR, ErrorKind::Unavailable, true),
        (Errno::NOBUFS, ErrorKind::Unavailable, true),
        (Errno::NOLCK, ErrorKind::Unavailable, true),
        (Errno::NOMEM, ErrorKind::Unavailable, true),
        (Errno::NOENT, ErrorKind::Unavailable, true),
        (Errno::FBIG, ErrorKind::TooLarge, false),
        (Errno::OVERFLOW, ErrorKind::TooLarge, false),
        (Errno::NAMETOOLONG, ErrorKind::Unsupported, false),
        (Errno::NOSYS, ErrorKind::Unsupported, false),
        (Errno::NOTSUP, ErrorKind::Unsupported, false),
        (Errno::OPNOTSUPP, ErrorKind::Unsupported, false),
        (Errno::LOOP, ErrorKind::Other, false),
        (Errno::NOTDIR, ErrorKind::Other, false),
        (Errno::ISDIR, ErrorKind::Other, false),
        (Errno::INVAL, ErrorKind::Other, false),
        (Errno::BADF, ErrorKind::Other, false),
    ];

    #[cfg(target_os = "linux")]
    const EXPECTED_ON_LINUX: &[(Errno, ErrorKind, bool)] = &[
        (Errno::UCLEAN, ErrorKind::Unavailable, false),
        (Errno::NOMEDIUM, ErrorKind::Unavailable, false),
        (Errno::REMOTEIO, ErrorKind::Unavailable, true),
        (Errno::SHUTDOWN, ErrorKind::Unavailable, true),
        (Errno::COMM, ErrorKind::Unavailable, true),
        (Errno::NOLINK, ErrorKind::Unavailable, true),
        (Errno::NOKEY, ErrorKind::AuthFailed, false),
        (Errno::KEYEXPIRED, ErrorKind::AuthFailed, false),
        (Errno::KEYREVOKED, ErrorKind::AuthFailed, false),
        (Errno::KEYREJECTED, ErrorKind::AuthFailed, false),
    ];
    #[cfg(not(target_os = "linux"))]
    const EXPECTED_ON_LINUX: &[(Errno, ErrorKind, bool)] = &[];

    fn expected() -> impl Iterator<Item = &'static (Errno, ErrorKind, bool)> {
        EXPECTED.iter().chain(EXPECTED_ON_LINUX)
    }

    #[test]
    fn every_number_has_its_kind() {
        for &(number, kind, is_retryable) in expected() {
            let error = failed("write the value", number);
            assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{number:?}");
            let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<io::Error>());
            assert_eq!(cause.and_then(io::Error::raw_os_error), Some(number.raw_os_error()));
        }
    }

    #[test]
    fn every_row_is_expected_and_no_number_stands_in_two() {
        let expected: HashSet<Errno> = expected().map(|row| row.0).collect();
        let mut rows = HashSet::new();
        for (at, (_, _, _, numbers)) in system::rows().enumerate() {
            for number in *numbers {
                assert!(expected.contains(number), "{number:?} isn't expected");
                // On many systems two names have one number, but then in one row.
                assert!(rows.insert((*number, at)) || numbers.contains(&Errno::NOTSUP), "{number:?}");
                assert!(!rows.iter().any(|(other, row)| other == number && *row != at), "{number:?}");
            }
        }
    }

    #[test]
    fn a_late_failure_does_not_promise_that_nothing_was_written() {
        for &(number, kind, _) in expected() {
            let late = failed_late("sync the folder", number).kind();
            let keeps_quiet =
                matches!(kind, ErrorKind::Unavailable | ErrorKind::QuotaExceeded | ErrorKind::Other);
            assert_eq!(late, if keeps_quiet { kind } else { ErrorKind::Unavailable }, "{number:?}");
        }
    }
}
