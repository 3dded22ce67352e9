use super::*;
use xstore_backend::Bytes;

fn lengths_and_bytes(data: &Payload) -> (Vec<usize>, Vec<u8>) {
    let (mut lengths, mut bytes) = (Vec::new(), Vec::new());
    pieces_of(data, |piece| {
        lengths.push(piece.len());
        bytes.extend_from_slice(piece);
        Ok(())
    })
    .unwrap();
    (lengths, bytes)
}

fn bytes_of(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

#[test]
fn a_value_is_cut_the_same_way_in_whatever_chunks_it_comes() {
    let cases: [(usize, &[usize]); 6] = [
        (0, &[]),
        (1, &[1]),
        (SIZE, &[SIZE]),
        (SIZE + 1, &[SIZE, 1]),
        (2 * SIZE - 1, &[SIZE, SIZE - 1]),
        (3 * SIZE, &[SIZE, SIZE, SIZE]),
    ];
    for (len, expected) in cases {
        let whole = bytes_of(len);
        for chunk in [SIZE + 1, SIZE, SIZE - 1, 100_000, 70_000, 4_099, len.max(1)] {
            let mut chunks: Vec<_> = whole.chunks(chunk).map(Bytes::copy_from_slice).collect();
            chunks.insert(chunks.len() / 2, Bytes::new());
            let (lengths, bytes) = lengths_and_bytes(&Payload::from_chunks(chunks));
            assert_eq!(lengths, expected, "{len} in {chunk}");
            assert!(bytes == whole, "{len} in {chunk}");
        }
    }
}

#[test]
fn a_failure_ends_the_cutting() {
    let data = Payload::from(bytes_of(3 * SIZE));
    let mut taken = 0;
    let result = pieces_of(&data, |_| {
        taken += 1;
        Err(damaged("no").into())
    });
    assert!(result.is_err());
    assert_eq!(taken, 1);
}

#[test]
fn a_range_is_in_the_pieces_of_its_ends() {
    let span = |range: Range<u64>| Span::of(10, 3 * PIECE + 5, range).unwrap();
    for (range, first, last) in [
        (0..1, 10, 10),
        (0..PIECE, 10, 10),
        (PIECE - 1..PIECE + 1, 10, 11),
        (PIECE..2 * PIECE, 11, 11),
        (0..3 * PIECE + 5, 10, 13),
        (3 * PIECE + 4..3 * PIECE + 5, 13, 13),
    ] {
        let found = span(range.clone()).unwrap();
        assert_eq!((found.first, found.last), (first, last), "{range:?}");
        assert_eq!(found.len as u64, range.end - range.start);
    }
    assert_eq!(span(7..7), None);
    assert_eq!(Span::of(0, 0, 0..0).unwrap(), None);
}

#[test]
fn numbers_beyond_all_are_damage() {
    assert!(Span::of(i64::MAX, PIECE + 1, 0..PIECE + 1).is_err());
    assert!(Span::of(i64::MAX, PIECE, 0..PIECE).is_ok());
}

#[test]
fn a_piece_gives_its_part_of_the_range_and_has_to_have_its_length() {
    let piece = bytes_of(SIZE);
    let span = Span::of(1, PIECE + 3, 5..PIECE + 2).unwrap().unwrap();
    assert_eq!(span.part_of(1, &piece), Some(&piece[5..]));
    assert_eq!(span.part_of(2, &piece[..3]), Some(&piece[..2]));
    assert_eq!(span.part_of(1, &piece[..SIZE - 1]), None);
    assert_eq!(span.part_of(2, &piece[..2]), None);
    assert_eq!(span.part_of(2, &piece[..4]), None);
    assert_eq!(span.part_of(3, &[]), None);
    assert_eq!(span.part_of(0, &piece), None);
}
