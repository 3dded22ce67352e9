use super::*;

fn with(headers: &[(&'static str, &'static str)]) -> Headers {
    let mut all = Headers::new();
    for (name, value) in headers {
        all.insert(*name, *value);
    }
    all
}

#[test]
fn content_ranges() {
    let of = |text| ContentRange::of(&with(&[("content-range", text)]));
    let range = of("bytes 2-5/10").unwrap();
    assert_eq!((range.len(), range.is_whole()), (4, false));
    assert!(of("bytes 0-9/10").unwrap().is_whole());
    for bad in [
        "bytes 5-2/10",
        "bytes 2-10/10",
        "bytes 2-5/*",
        "bytes */10",
        "bytes 0--1/0",
        "bytes -1-5/10",
        "bytes +1-5/10",
        "items 2-5/10",
        "2-5/10",
        "bytes 2-5",
        "bytes 0-18446744073709551614/18446744073709551615",
        "",
    ] {
        assert_eq!(of(bad), None, "{bad}");
    }
    assert_eq!(ContentRange::of(&Headers::new()), None);
}

#[test]
fn only_the_range_that_was_asked_for_is_taken() {
    let partial = |asked, range, length| {
        let mut headers = with(&[("content-range", range), ("content-length", length)]);
        answered_range(asked, StatusCode::PartialContent, &mut headers).ok()
    };
    assert_eq!(partial((2, 5), "bytes 2-5/10", "4"), Some(4));
    assert_eq!(partial((2, 50), "bytes 2-9/10", "8"), Some(8));
    assert_eq!(partial((2, 5), "bytes 2-4/10", "3"), None);
    assert_eq!(partial((2, 5), "bytes 1-5/10", "5"), None);
    assert_eq!(partial((2, 50), "bytes 2-10/11", "9"), Some(9));
    // Behind the end, as Azurite says it.
    assert_eq!(partial((5, 9), "bytes 5-4/5", "0"), Some(0));
    assert_eq!(partial((0, 9), "bytes 0--1/0", "0"), Some(0));
    assert_eq!(partial((5, 9), "bytes 5-4/5", "1"), None);
    assert_eq!(partial((5, 9), "bytes 6-5/6", "0"), None);
    assert_eq!(partial((0, 9), "bytes 0--1/5", "0"), None);

    let whole =
        |length| answered_range((0, 9), StatusCode::Ok, &mut with(&[("content-length", length)])).ok();
    assert_eq!((whole("0"), whole("1")), (Some(0), None));
    assert!(answered_range((0, 9), StatusCode::Ok, &mut Headers::new()).is_err());
}

#[test]
fn ranges_are_read_back_from_requests() {
    let asked = |text: &'static str| {
        let mut request = Request::new("https://h/".parse().unwrap(), azure_core::http::Method::Get);
        request.insert_header("range", text);
        asked_range(&request)
    };
    assert_eq!(asked("bytes=0-99"), Some((0, 99)));
    assert_eq!(asked("bytes=5-"), None);
}
