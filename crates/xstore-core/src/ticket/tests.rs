use super::*;
use xstore_keys::{Date, IntegrityKey};

fn ring(byte: u8) -> KeyRing {
    let mut ring = KeyRing::default();
    let day: Date = "2026-01-02".parse().unwrap();
    let key: Vec<u8> = (0..32).map(|i| byte.wrapping_mul(31).wrapping_add(i * 5)).collect();
    ring.add(IntegrityKey::from_bytes(&key.try_into().unwrap()).unwrap(), day).unwrap();
    ring
}

fn sent(sharing: u8) -> Sent {
    let place = |index: u8, id: &str| Place {
        index,
        attempt: u32::from(index) / 2,
        backend: xstore_manifest::BackendId::new(id).unwrap(),
    };
    Sent {
        sharing: xstore_manifest::SharingId::from_bytes([sharing; 16]),
        at: Timestamp::from_millis(1_700_000_001_000).unwrap(),
        places: vec![place(0, "a"), place(1, "b"), place(2, "c")],
    }
}

fn ticket(ring: &KeyRing) -> Ticket {
    let keys = ring.current().unwrap();
    let head = Head {
        object: ObjectId::from_bytes([3; 16]),
        name: Name::new("report \"1\"").unwrap(),
        created: Timestamp::from_millis(1_700_000_000_000).unwrap(),
        key: keys.id(),
        base: None,
    };
    let ticket = Ticket::begin(head, keys, None).unwrap();
    ticket.keep(sent(1), keys).unwrap();
    ticket.keep(sent(2), keys).unwrap();
    ticket
}

#[test]
fn what_is_kept_comes_back() {
    let ring = ring(7);
    let ticket = ticket(&ring);
    let read = Ticket::from_text(&ticket.to_text(), &ring).unwrap();
    assert_eq!(read.deeds().sent, [sent(1), sent(2)]);
    assert_eq!(
        (read.name(), read.object(), read.to_text()),
        (ticket.name(), ticket.object(), ticket.to_text())
    );
    assert_eq!(read.claim().unwrap_err().code(), Code::ConfigInvalid);
    ticket.claim().unwrap();
    assert!(ticket.claim().is_err());
}

#[test]
fn a_torn_end_is_ignored_and_everything_else_is_refused() {
    let ring = ring(7);
    let text = ticket(&ring).to_text();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in 0..text.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count();
        match Ticket::from_text(&text[..cut], &ring) {
            Ok(read) => assert_eq!(read.deeds().sent.len() + 1, whole, "cut at {cut}"),
            Err(error) => assert!(whole == 0 && error.code() == Code::ConfigInvalid, "cut at {cut}"),
        }
    }
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        if let Ok(changed) = String::from_utf8(bytes) {
            // A changed line break tears lines together or apart.
            let refused = Ticket::from_text(&changed, &ring);
            let torn = refused.as_ref().is_ok_and(|read| read.deeds().sent.len() < 2);
            assert!(refused.is_err() || torn, "{at}");
        }
    }
    let lines: Vec<&str> = text.lines().collect();
    let swapped = format!("{}\n{}\n{}\n", lines[0], lines[2], lines[1]);
    assert!(Ticket::from_text(&swapped, &ring).is_err());
}

#[test]
fn a_commit_is_kept() {
    let ring = ring(7);
    let ticket = ticket(&ring);
    ticket.commit(ring.current().unwrap()).unwrap();
    ticket.commit(ring.current().unwrap()).unwrap();
    let read = Ticket::from_text(&ticket.to_text(), &ring).unwrap();
    assert!(read.is_committed() && read.deeds().sent.len() == 2);
    assert_eq!(read.to_text().lines().count(), 4);
}

#[test]
fn a_change_is_kept_line_by_line_and_decided_once() {
    let ring = ring(7);
    let keys = ring.current().unwrap();
    let base = Base { revision: 4, hmac: [9; 32], attempt: 0xfedc_ba98 };
    let head = Head {
        object: ObjectId::from_bytes([3; 16]),
        name: Name::new("x").unwrap(),
        created: Timestamp::from_millis(0).unwrap(),
        key: keys.id(),
        base: Some(base.clone()),
    };
    let ticket = Ticket::begin(head, keys, None).unwrap();
    ticket.keep(sent(1), keys).unwrap();
    let key =
        |letter: &str| xstore_manifest::ShareKey::new(&format!("xstore/m/{}", letter.repeat(32))).unwrap();
    let share = |index: u8| xstore_manifest::Share {
        backend: xstore_manifest::BackendId::new("a").unwrap(),
        hmac: [index; 32],
        index,
        key: key("b"),
        key_id: keys.id(),
    };
    let old = Old { backend: xstore_manifest::BackendId::new("b").unwrap(), key: key("c") };
    let stored = Stored {
        sharing: xstore_manifest::SharingId::from_bytes([1; 16]),
        shares: vec![
            StoredShare { share: share(0), old: None },
            StoredShare { share: share(1), old: Some(old) },
        ],
    };
    ticket.store(stored.clone(), keys).unwrap();
    let open = Ticket::from_text(&ticket.to_text(), &ring).unwrap();
    assert_eq!((open.base(), open.made(), open.is_change()), (Some(base), None, true));
    assert_eq!((open.deeds().sent, open.deeds().stored), (vec![sent(1)], vec![stored.clone()]));

    // Decided: nothing is added any more, and it can't be given up.
    let made = Made { revision: 5, hmac: [8; 32] };
    ticket.make(made.clone(), keys).unwrap();
    assert_eq!(ticket.keep(sent(2), keys).unwrap_err().code(), Code::ConfigInvalid);
    assert_eq!(ticket.store(stored.clone(), keys).unwrap_err().code(), Code::ConfigInvalid);
    ticket.give_up(keys).unwrap();
    let read = Ticket::from_text(&ticket.to_text(), &ring).unwrap();
    assert_eq!((read.deeds().made, read.deeds().is_swept, read.made()), (Some(made), false, Some(5)));

    // Given up: the same, and once.
    open.give_up(keys).unwrap();
    open.give_up(keys).unwrap();
    assert_eq!(open.keep(sent(2), keys).unwrap_err().code(), Code::ConfigInvalid);
    let read = Ticket::from_text(&open.to_text(), &ring).unwrap();
    assert!(read.deeds().is_swept && read.to_text().lines().count() == 4);
}

#[test]
fn another_key_is_missing_and_nothing_else() {
    let text = ticket(&ring(7)).to_text();
    assert_eq!(Ticket::from_text(&text, &ring_of_another()).unwrap_err().code(), Code::KeyUnavailable);
}

fn ring_of_another() -> KeyRing {
    ring(8)
}

#[derive(Debug)]
struct Full;

impl Journal for Full {
    fn append(&mut self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

#[test]
fn what_cant_be_kept_is_not_begun() {
    let ring = ring(7);
    let keys = ring.current().unwrap();
    let head = Head {
        object: ObjectId::from_bytes([3; 16]),
        name: Name::new("x").unwrap(),
        created: Timestamp::from_millis(0).unwrap(),
        key: keys.id(),
        base: None,
    };
    let refused = Ticket::begin(head, keys, Some(Box::new(Full)));
    assert_eq!(refused.unwrap_err().code(), Code::SinkFailed);
}
