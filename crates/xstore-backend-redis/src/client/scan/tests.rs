use super::*;
use xstore_backend::Bytes;

fn value(text: &'static [u8]) -> Reply {
    Reply::Value(Bytes::from_static(text))
}

#[test]
fn a_pattern_stands_for_itself() {
    assert_eq!(pattern(""), "*");
    assert_eq!(pattern("a:b/c."), "a:b/c.*");
    assert_eq!(pattern("a*b?[c]\\^-"), "a\\*b\\?\\[c\\]\\\\\\^\\-*");
}

#[test]
fn cursors_are_of_one_run() {
    let first = Position::first("run1");
    assert_eq!(first.next(0), None);
    let next = first.next(u64::MAX).unwrap();
    let again = Position::of(&next, "run1").unwrap();
    assert_eq!((again.at, again.next(7).unwrap()), (u64::MAX, Cursor::new("run1:7")));
    let error = Position::of(&next, "run2").err().unwrap();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, false));
    for foreign in
        ["", ":", "x", "0", "run1", "run1:", "run1:0", "run1:-1", "run1:x", "run1:18446744073709551616"]
    {
        let error = Position::of(&Cursor::new(foreign), "run1").err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Other, "{foreign}");
    }
}

#[test]
fn pages() {
    let names = || Reply::List(vec![value(b"a"), Reply::TooLong, value(b"\xff"), value(b"b")]);
    let (next, found) = page(Reply::List(vec![value(b"17"), names()])).unwrap();
    assert_eq!((next, found), (17, vec!["a".to_owned(), "b".to_owned()]));
    for odd in [
        Reply::Status,
        Reply::List(vec![]),
        Reply::List(vec![value(b"0")]),
        Reply::List(vec![value(b"x"), names()]),
        Reply::List(vec![value(b"-1"), names()]),
        Reply::List(vec![Reply::Number(0), names()]),
        Reply::List(vec![value(b"0"), names(), Reply::Nothing]),
        Reply::List(vec![value(b"0"), Reply::Nothing]),
    ] {
        assert!(page(odd).is_err());
    }
}
