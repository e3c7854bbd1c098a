//! Snappy in the framing of xerial's snappy-java.
//!
//! ```text
//! 82 'S' 'N' 'A' 'P' 'P' 'Y' 00 | version int32 = 1 | compatible int32 = 1 | { length int32 | raw snappy block }*
//! ```
//!
//! There is neither a checksum nor an end mark, so a stream that ends between chunks is whole, and so is one that ends
//! within a chunk's length. Streams may follow each other.

use crate::bytes::i32_at;
use crate::{Error, Result};
use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};
use std::cell::RefCell;

const HEADER: [u8; 16] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];
const MAGIC: usize = 8;
/// The magic's first bytes as a chunk length: no chunk, but another stream's header.
const MAGIC_AS_LENGTH: i32 = i32::from_be_bytes([HEADER[0], HEADER[1], HEADER[2], HEADER[3]]);
const LENGTH: usize = 4;
/// snappy-java's default: how much one chunk holds.
const CHUNK: usize = 32 * 1024;

const _: () = assert!(MAGIC_AS_LENGTH < 0);

thread_local! {
    static ENCODER: RefCell<Encoder> = RefCell::new(Encoder::new());
}

pub(super) fn bound(length: usize) -> usize {
    HEADER.len() + length.div_ceil(CHUNK) * (LENGTH + max_compress_len(CHUNK.min(length)))
}

pub(super) fn compress(source: &[u8], target: &mut [u8]) -> Result<usize> {
    target[..HEADER.len()].copy_from_slice(&HEADER);
    let mut at = HEADER.len();
    ENCODER.with_borrow_mut(|encoder| {
        for chunk in source.chunks(CHUNK) {
            let start = at + LENGTH;
            let length = encoder
                .compress(chunk, &mut target[start..])
                .map_err(|error| Error::Internal(format!("snappy: {error}")))?;
            target[at..start].copy_from_slice(&(length as u32).to_be_bytes());
            at = start + length;
        }
        Ok(at)
    })
}

pub(super) fn decompress(source: &[u8], target: &mut [u8]) -> Result<Option<usize>> {
    if source.len() < HEADER.len() || source[..MAGIC] != HEADER[..MAGIC] {
        // As snappy-java: without the magic, all of it is one raw block.
        return block(source, target);
    }
    if i32_at(source, MAGIC) < 1 {
        return Err(corrupt("the snappy stream has an impossible version"));
    }
    let mut at = HEADER.len();
    let mut filled = 0;
    while source.len() - at >= LENGTH {
        let length = i32_at(source, at);
        if length == MAGIC_AS_LENGTH {
            at += HEADER.len();
            if at > source.len() {
                return Err(corrupt("a concatenated snappy stream is cut off"));
            }
            continue;
        }
        at += LENGTH;
        let length = usize::try_from(length).map_err(|_| corrupt("a snappy chunk has a negative length"))?;
        let chunk = source[at..].get(..length).ok_or(corrupt("a snappy chunk is cut off"))?;
        let Some(produced) = block(chunk, &mut target[filled..])? else {
            return Ok(None);
        };
        at += length;
        filled += produced;
    }
    Ok(Some(filled))
}

fn block(source: &[u8], target: &mut [u8]) -> Result<Option<usize>> {
    if source.is_empty() {
        return Err(corrupt("a snappy block is empty"));
    }
    let claimed = decompress_len(source).map_err(|_| corrupt("a snappy block has no length"))?;
    let Some(room) = target.get_mut(..claimed) else {
        return Ok(None);
    };
    Decoder::new().decompress(source, room).map(Some).map_err(|_| corrupt("a snappy block is damaged"))
}

fn corrupt(message: &'static str) -> Error {
    Error::CorruptCompressedData(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(source: &[u8]) -> Vec<u8> {
        let mut target = vec![0; bound(source.len())];
        let length = compress(source, &mut target).unwrap();
        target.truncate(length);
        target
    }

    #[test]
    fn chunks_have_32_kib() {
        let bytes = packed(&[5; CHUNK * 2 + 1]);
        let first = i32_at(&bytes, 16) as usize;
        assert_eq!(decompress_len(&bytes[20..]).unwrap(), CHUNK);
        assert_eq!(decompress_len(&bytes[24 + first..]).unwrap(), CHUNK);
        assert_eq!(packed(b""), HEADER);
    }

    #[test]
    fn the_readers_ways() {
        let one = packed(b"one ");
        let raw = &one[20..];
        let version_0 = [&HEADER[..8], &[0; 8], &one[16..]].concat();
        let version_9 = [&HEADER[..8], &[0, 0, 0, 9], &HEADER[12..], &one[16..]].concat();
        type Case<'a> = (&'a str, Vec<u8>, Option<&'a [u8]>);
        let cases: &[Case] = &[
            ("a raw block without a header", raw.to_vec(), Some(b"one ")),
            ("only a header", HEADER.to_vec(), Some(b"")),
            ("concatenated streams", [one.clone(), packed(b"two")].concat(), Some(b"one two")),
            ("an end within a length", [&one[..], &[0, 0, 0]].concat(), Some(b"one ")),
            ("a later version", version_9, Some(b"one ")),
            ("version 0", version_0, None),
            ("a concatenated header cut off", [&one[..], &HEADER[..15]].concat(), None),
            ("a negative length", [&one[..], &[0xff; 4]].concat(), None),
            ("a chunk cut off", one[..one.len() - 1].to_vec(), None),
            ("an empty chunk", [&one[..], &[0; 4]].concat(), None),
            ("nothing", vec![], None),
            ("a block whose length lies", vec![9, 0, b'x'], None),
        ];
        for (name, bytes, expected) in cases {
            let mut target = [0; 40];
            match expected {
                Some(expected) => {
                    assert_eq!(decompress(bytes, &mut target).unwrap(), Some(expected.len()), "{name}");
                    assert_eq!(&target[..expected.len()], *expected, "{name}");
                }
                None => {
                    assert!(matches!(decompress(bytes, &mut target), Err(Error::CorruptCompressedData(_))), "{name}")
                }
            }
        }
    }

    #[test]
    fn a_claim_of_4_gib_allocates_nothing() {
        assert_eq!(decompress(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0], &mut [0; 10]).unwrap(), None);
    }
}
