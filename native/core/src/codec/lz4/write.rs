//! Writing a frame.

use super::{HEADER, LENGTH, MAGIC, STORED, WRITTEN_BLOCK, WRITTEN_DESCRIPTOR, block, header_checksum};
use crate::{Error, Result};
use std::ops::RangeInclusive;

const LEVELS: RangeInclusive<i32> = 1..=17;
/// Kafka's default stands for the fast compressor, and any other level for the high one.
const FAST_LEVEL: i32 = 9;

pub(in crate::codec) fn bound(length: usize) -> usize {
    HEADER + length.div_ceil(WRITTEN_BLOCK) * LENGTH + length + LENGTH
}

pub(in crate::codec) fn compress(level: i32, source: &[u8], target: &mut [u8]) -> Result<usize> {
    if !LEVELS.contains(&level) {
        return Err(Error::argument(format!("lz4 has no level {level}")));
    }
    target[..4].copy_from_slice(&MAGIC.to_le_bytes());
    target[4..6].copy_from_slice(&WRITTEN_DESCRIPTOR);
    target[6] = header_checksum(&WRITTEN_DESCRIPTOR);
    let mut at = HEADER;
    for raw in source.chunks(WRITTEN_BLOCK) {
        let start = at + LENGTH;
        // Room for one byte less than the block has: what does not get smaller is stored.
        let room = &mut target[start..start + raw.len() - 1];
        let compressed =
            if level == FAST_LEVEL { block::compress_fast(raw, room) } else { block::compress_high(raw, room, level) };
        let (length, mark) = match compressed {
            Some(length) => (length, 0),
            None => {
                target[start..start + raw.len()].copy_from_slice(raw);
                (raw.len(), STORED)
            }
        };
        target[at..start].copy_from_slice(&(length as u32 | mark).to_le_bytes());
        at = start + length;
    }
    target[at..at + LENGTH].fill(0);
    Ok(at + LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_end_mark() {
        let mut target = [0xee; 32];
        assert_eq!(compress(9, b"", &mut target).unwrap(), 11);
        assert_eq!(&target[..11], &[0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0]);
        assert_eq!(compress(9, b"abc", &mut target).unwrap(), 18);
        assert_eq!(&target[7..18], &[3, 0, 0, 0x80, b'a', b'b', b'c', 0, 0, 0, 0]);
        assert!(compress(0, b"", &mut target).is_err());
        assert!(compress(18, b"", &mut target).is_err());
    }

    #[test]
    fn levels_choose_the_compressor() {
        let source: Vec<u8> = (0..60_000_u32).flat_map(|i| (i / 7 % 900).to_le_bytes()).collect();
        let size = |level| compress(level, &source, &mut vec![0; bound(source.len())]).unwrap();
        assert!(size(8) < size(9) && size(10) < size(9));
        assert_eq!(size(12), size(17));
    }
}
