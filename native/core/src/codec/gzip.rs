//! Gzip members (RFC 1952) around raw deflate.
//!
//! ```text
//! 1f 8b | 08 | flags | mtime x4 | xfl | os | [extra] [name\0] [comment\0] [crc16] | deflate | crc32 LE | size LE
//! ```
//!
//! Reads like Java's `GZIPInputStream`: members may follow each other, and what follows the last is ignored unless it
//! starts another one.

use crate::bytes::u32_le_at;
use crate::crc::crc32;
use crate::{Error, Result};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::cell::RefCell;

const HEADER: [u8; 10] = [0x1f, 0x8b, DEFLATE, 0, 0, 0, 0, 0, 0, UNKNOWN_SYSTEM];
const DEFLATE: u8 = 8;
const UNKNOWN_SYSTEM: u8 = 0xff;
const TRAILER: usize = 4 + 4;

const FLAG_CRC: u8 = 1 << 1;
const FLAG_EXTRA: u8 = 1 << 2;
const FLAG_NAME: u8 = 1 << 3;
const FLAG_COMMENT: u8 = 1 << 4;

const DEFAULT_LEVEL: u32 = 6;

thread_local! {
    static COMPRESSOR: RefCell<Option<(u32, Compress)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// zlib's most cautious bound, with the member's own bytes.
pub(super) fn bound(length: usize) -> usize {
    HEADER.len() + length + length.div_ceil(8) + length.div_ceil(64) + 16 + TRAILER
}

pub(super) fn compress(level: i32, source: &[u8], target: &mut [u8]) -> Result<usize> {
    let level = match level {
        -1 => DEFAULT_LEVEL,
        0..=9 => level.unsigned_abs(),
        _ => return Err(Error::argument(format!("gzip has no level {level}"))),
    };
    let (header, rest) = target.split_at_mut(HEADER.len());
    header.copy_from_slice(&HEADER);
    let written = COMPRESSOR.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|(made_for, _)| *made_for != level) {
            *slot = None;
        }
        let (_, compressor) = slot.get_or_insert_with(|| (level, Compress::new(Compression::new(level), false)));
        compressor.reset();
        match compressor.compress(source, rest, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => Ok(compressor.total_out() as usize),
            other => Err(Error::Internal(format!("deflate did not finish: {other:?}"))),
        }
    })?;
    let trailer = rest
        .get_mut(written..written + TRAILER)
        .ok_or_else(|| Error::Internal("the bound of gzip is too low".into()))?;
    trailer[..4].copy_from_slice(&crc32(source).to_le_bytes());
    trailer[4..].copy_from_slice(&(source.len() as u32).to_le_bytes());
    Ok(HEADER.len() + written + TRAILER)
}

pub(super) fn decompress(source: &[u8], target: &mut [u8]) -> Result<Option<usize>> {
    let mut at = header_length(source).ok_or(corrupt("a gzip header was expected"))?;
    let mut filled = 0;
    loop {
        let Some((consumed, produced)) = inflate(&source[at..], &mut target[filled..])? else {
            return Ok(None);
        };
        at += consumed;
        let trailer = source.get(at..at + TRAILER).ok_or(corrupt("the gzip trailer is cut off"))?;
        let member = &target[filled..filled + produced];
        if u32_le_at(trailer, 0) != crc32(member) || u32_le_at(trailer, 4) != member.len() as u32 {
            return Err(corrupt("the gzip trailer does not match the data"));
        }
        at += TRAILER;
        filled += produced;
        match header_length(&source[at..]) {
            Some(length) => at += length,
            None => return Ok(Some(filled)),
        }
    }
}

/// Inflates one stream; returns the bytes consumed and produced, or nothing when the target is too small.
fn inflate(source: &[u8], target: &mut [u8]) -> Result<Option<(usize, usize)>> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        decompressor.reset(false);
        let damaged = |_| corrupt("the deflate stream is damaged");
        let status = decompressor.decompress(source, target, FlushDecompress::None).map_err(damaged)?;
        let (consumed, produced) = (decompressor.total_in() as usize, decompressor.total_out() as usize);
        if matches!(status, Status::StreamEnd) {
            return Ok(Some((consumed, produced)));
        }
        // Either the room or the input is used up. One more byte of room tells which, and lets a stream end whose data
        // filled the target exactly.
        let status = decompressor.decompress(&source[consumed..], &mut [0], FlushDecompress::None).map_err(damaged)?;
        if decompressor.total_out() as usize > produced {
            return Ok(None);
        }
        match status {
            Status::StreamEnd => Ok(Some((decompressor.total_in() as usize, produced))),
            _ => Err(corrupt("the deflate stream is cut off")),
        }
    })
}

/// The length of the member header at the start, or nothing when there is none.
fn header_length(bytes: &[u8]) -> Option<usize> {
    let fixed = bytes.get(..HEADER.len())?;
    if fixed[..3] != HEADER[..3] {
        return None;
    }
    let flags = fixed[3];
    let mut at = HEADER.len();
    if flags & FLAG_EXTRA != 0 {
        let length = bytes.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for flag in [FLAG_NAME, FLAG_COMMENT] {
        if flags & flag != 0 {
            at += 1 + bytes.get(at..)?.iter().position(|&byte| byte == 0)?;
        }
    }
    if flags & FLAG_CRC != 0 {
        let crc = bytes.get(at..at + 2)?;
        if u16::from_le_bytes([crc[0], crc[1]]) != crc32(&bytes[..at]) as u16 {
            return None;
        }
        at += 2;
    }
    (at <= bytes.len()).then_some(at)
}

fn corrupt(message: &'static str) -> Error {
    Error::CorruptCompressedData(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(source: &[u8]) -> Vec<u8> {
        let mut target = vec![0; bound(source.len())];
        let length = compress(-1, source, &mut target).unwrap();
        target.truncate(length);
        target
    }

    #[test]
    fn members_are_concatenated_and_what_follows_is_ignored() {
        let mut target = [0; 20];
        let both = [packed(b"one "), packed(b""), packed(b"two")].concat();
        for tail in [&b""[..], b"\0\0\0\0", b"garbage behind the last member", &HEADER[..5]] {
            let bytes = [&both, tail].concat();
            assert_eq!(decompress(&bytes, &mut target).unwrap(), Some(7));
            assert_eq!(&target[..7], b"one two");
        }
        let started = [&both[..], &HEADER].concat();
        assert!(decompress(&started, &mut target).is_err());
    }

    #[test]
    fn optional_header_fields_are_skipped() {
        let plain = packed(b"data");
        let mut fields = HEADER.to_vec();
        fields[3] = FLAG_EXTRA | FLAG_NAME | FLAG_COMMENT | FLAG_CRC;
        fields.extend_from_slice(b"\x03\0abcname\0comment\0");
        let crc = (crc32(&fields) as u16).to_le_bytes();
        fields.extend_from_slice(&crc);
        let bytes = [&fields[..], &plain[10..]].concat();
        assert_eq!(decompress(&bytes, &mut [0; 9]).unwrap(), Some(4));
        let mut damaged = bytes;
        damaged[12] ^= 1;
        assert!(decompress(&damaged, &mut [0; 9]).is_err());
    }

    #[test]
    fn damage_is_corruption() {
        let good = packed(b"some data");
        for at in [0, 1, 2, 12, good.len() - 8, good.len() - 1] {
            let mut bytes = good.clone();
            bytes[at] ^= 0x41;
            assert!(matches!(decompress(&bytes, &mut [0; 99]), Err(Error::CorruptCompressedData(_))), "byte {at}");
        }
        assert!(decompress(&[], &mut [0; 9]).is_err());
        assert!(compress(10, b"", &mut [0; 99]).is_err());
    }
}
