use super::*;
use futures_util::io::AsyncReadExt;
use futures_util::stream;

fn payload(pieces: &[&'static str]) -> Payload {
    Payload::from_chunks(pieces.iter().map(|piece| Bytes::from_static(piece.as_bytes())).collect())
}

#[tokio::test]
async fn pieces_are_read_as_one() {
    let data = payload(&["", "ab", "", "cde", "f", ""]);
    for room in 1..8 {
        let Body::SeekableStream(mut stream) = outgoing(data.clone()) else { panic!("it is a stream") };
        assert_eq!(stream.len(), Some(6));
        for _ in 0..2 {
            let mut all = Vec::new();
            loop {
                let mut buffer = vec![0; room];
                let read = stream.read(&mut buffer).await.unwrap();
                if read == 0 {
                    break;
                }
                all.extend_from_slice(&buffer[..read]);
            }
            assert_eq!(all, b"abcdef", "{room}");
            stream.reset().await.unwrap();
        }
    }
    assert!(matches!(outgoing(payload(&["one"])), Body::Bytes(bytes) if bytes == "one"));
    assert!(matches!(outgoing(payload(&[])), Body::Bytes(bytes) if bytes.is_empty()));
}

#[tokio::test]
async fn checksums() {
    // RFC 1321.
    for (pieces, hex) in [
        (&[][..], "d41d8cd98f00b204e9800998ecf8427e"),
        (&["abc"], "900150983cd24fb0d6963f7d28e17f72"),
        (&["message", "", " digest"], "f96b697d7cb7938d525a2f31aaf161d0"),
    ] {
        assert_eq!(data_encoding::HEXLOWER.encode(&checksum(&payload(pieces)).await), hex);
    }
    let long = Payload::from(vec![b'x'; (2 << 20) + 17]);
    let whole = Md5::digest(&long.chunks()[0]).to_vec();
    assert_eq!(checksum(&long).await, whole);
}

async fn read(pieces: &[&'static str], len: usize, checksum: Option<&[u8]>) -> azure_core::Result<Bytes> {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
    incoming(stream::iter(pieces), len, checksum).await
}

#[tokio::test]
async fn a_value_is_whole_or_an_error() {
    let sum = Md5::digest(b"abcdef");
    assert_eq!(read(&["ab", "", "cdef"], 6, None).await.unwrap(), "abcdef");
    assert_eq!(read(&["ab", "cdef"], 6, Some(&sum)).await.unwrap(), "abcdef");
    assert_eq!(read(&[], 0, None).await.unwrap(), "");
    let refused = [
        read(&["ab", "cde"], 6, None).await,
        read(&["ab", "cdefg"], 6, None).await,
        read(&["x"], 0, None).await,
        read(&["ab", "cdeF"], 6, Some(&sum)).await,
        read(&["abcdef"], 6, Some(&sum[..15])).await,
    ];
    for result in refused {
        assert_eq!(*result.unwrap_err().kind(), ErrorKind::Io);
    }
}
