//! Reading a frame: what Kafka's reader accepts, and nothing more.

use super::xxh32::xxh32;
use super::{LENGTH, MAGIC, STORED, bd, block, block_size, flg, header_checksum};
use crate::bytes::u32_le_at;
use crate::{Error, Result};
use std::cell::RefCell;

/// Magic, FLG and BD.
const FIXED: usize = 4 + 2;
const CONTENT_SIZE: usize = 8;
const CHECKSUM: usize = 4;
/// No byte of a block makes more than this many: a match is as long as its length bytes say, 255 each at most.
const MOST_GROWTH: usize = 255;

thread_local! {
    /// Where a block is decoded that may not fit what is left of the target: the library does not tell a damaged block
    /// from one that does not fit.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Header {
    length: usize,
    max_block: usize,
    block_checksums: bool,
    content_checksum: bool,
}

/// Reads the first frame of `source`; whatever follows its end mark is ignored, as in Kafka. Batches of format 0 were
/// written with a wrong header checksum, so `verify_header` is off for them.
pub(in crate::codec) fn decompress(source: &[u8], target: &mut [u8], verify_header: bool) -> Result<Option<usize>> {
    let header = read_header(source, verify_header)?;
    let mut rest = &source[header.length..];
    let mut filled = 0;
    loop {
        let field = u32_le_at(take(&mut rest, LENGTH)?, 0);
        let length = (field & !STORED) as usize;
        if length == 0 {
            // Read, but not verified: Kafka does not either.
            take(&mut rest, if header.content_checksum { CHECKSUM } else { 0 })?;
            return Ok(Some(filled));
        }
        if length > header.max_block {
            return Err(corrupt("an lz4 block is larger than the frame allows"));
        }
        let bytes = take(&mut rest, length)?;
        if header.block_checksums && u32_le_at(take(&mut rest, CHECKSUM)?, 0) != xxh32(bytes) {
            return Err(corrupt("the checksum of an lz4 block does not match"));
        }
        let room = &mut target[filled..];
        let produced = if field & STORED == 0 {
            read_block(bytes, room, header.max_block)?
        } else {
            room.get_mut(..length).map(|room| {
                room.copy_from_slice(bytes);
                length
            })
        };
        match produced {
            Some(produced) => filled += produced,
            None => return Ok(None),
        }
    }
}

fn read_header(source: &[u8], verify: bool) -> Result<Header> {
    let fixed = source.get(..FIXED).ok_or(corrupt("the lz4 header is cut off"))?;
    if u32_le_at(fixed, 0) != MAGIC {
        return Err(corrupt("an lz4 frame was expected"));
    }
    let (flags, block) = (fixed[4], fixed[5]);
    if flags & (flg::DICTIONARY | flg::RESERVED) != 0 || block & bd::RESERVED != 0 {
        return Err(corrupt("the lz4 header has reserved bits set"));
    }
    if flags & flg::VERSION != flg::VERSION_1 {
        return Err(corrupt("the lz4 frame has an unknown version"));
    }
    if flags & flg::INDEPENDENT == 0 {
        return Err(corrupt("lz4 blocks that depend on each other are not supported"));
    }
    let size_code = block >> bd::SIZE_SHIFT;
    if size_code < bd::MIN_SIZE {
        return Err(corrupt("the lz4 header has an unknown block size"));
    }
    let descriptor_end = FIXED + if flags & flg::CONTENT_SIZE == 0 { 0 } else { CONTENT_SIZE };
    let checksum = source.get(descriptor_end).ok_or(corrupt("the lz4 header is cut off"))?;
    if verify && *checksum != header_checksum(&source[4..descriptor_end]) {
        return Err(corrupt("the checksum of the lz4 header does not match"));
    }
    Ok(Header {
        length: descriptor_end + 1,
        max_block: block_size(size_code),
        block_checksums: flags & flg::BLOCK_CHECKSUM != 0,
        content_checksum: flags & flg::CONTENT_CHECKSUM != 0,
    })
}

fn read_block(source: &[u8], target: &mut [u8], max_block: usize) -> Result<Option<usize>> {
    if target.len() >= max_block {
        return match block::decompress(source, &mut target[..max_block]) {
            Some(produced) => Ok(Some(produced)),
            None => Err(corrupt("an lz4 block is damaged")),
        };
    }
    if let Some(produced) = block::decompress(source, target) {
        return Ok(Some(produced));
    }
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(max_block.min(source.len() * MOST_GROWTH), 0);
        match block::decompress(source, scratch) {
            Some(_) => Ok(None),
            None => Err(corrupt("an lz4 block is damaged")),
        }
    })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length).ok_or(corrupt("the lz4 frame is cut off"))?;
    *rest = left;
    Ok(taken)
}

fn corrupt(message: &'static str) -> Error {
    Error::CorruptCompressedData(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of two stored blocks with any flags and block size, its checksums right.
    fn frame(flags: u8, block: u8) -> Vec<u8> {
        let mut bytes = MAGIC.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[flags, block]);
        if flags & flg::CONTENT_SIZE != 0 {
            bytes.extend_from_slice(&[0xff; CONTENT_SIZE]);
        }
        bytes.push(header_checksum(&bytes[4..]));
        for text in [b"one ", b"two!"] {
            bytes.extend_from_slice(&(4 | STORED).to_le_bytes());
            bytes.extend_from_slice(text);
            if flags & flg::BLOCK_CHECKSUM != 0 {
                bytes.extend_from_slice(&xxh32(text).to_le_bytes());
            }
        }
        bytes.extend_from_slice(&[0; LENGTH]);
        if flags & flg::CONTENT_CHECKSUM != 0 {
            bytes.extend_from_slice(b"????");
        }
        bytes
    }

    fn run(bytes: &[u8]) -> Result<Option<usize>> {
        decompress(bytes, &mut [0; 8], true)
    }

    #[test]
    fn what_is_accepted() {
        for flags in [0x60, 0x60 | flg::CONTENT_SIZE, 0x60 | flg::BLOCK_CHECKSUM, 0x60 | flg::CONTENT_CHECKSUM, 0x7c] {
            for block in [0x40, 0x50, 0x60, 0x70] {
                let bytes = frame(flags, block);
                let mut target = [0; 8];
                assert_eq!(decompress(&bytes, &mut target, true).unwrap(), Some(8), "{flags:x} {block:x}");
                assert_eq!(&target, b"one two!");
                for length in 0..bytes.len() {
                    assert!(run(&bytes[..length]).is_err(), "{flags:x} {block:x} cut to {length}");
                }
                assert_eq!(run(&[&bytes[..], b"trailing"].concat()).unwrap(), Some(8));
            }
        }
    }

    #[test]
    fn what_is_refused() {
        for (flags, block) in [
            (0x40, 0x40),
            (0x61, 0x40),
            (0x62, 0x40),
            (0xa0, 0x40),
            (0x20, 0x40),
            (0x60, 0x30),
            (0x60, 0xc0),
            (0x60, 0x41),
        ] {
            assert!(matches!(run(&frame(flags, block)), Err(Error::CorruptCompressedData(_))), "{flags:x} {block:x}");
        }
        let good = frame(0x70, 0x40);
        for at in [0, 6, 11, 14, 15, 18] {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            assert!(matches!(run(&bytes), Err(Error::CorruptCompressedData(_))), "byte {at}");
        }
    }

    #[test]
    fn format_0_does_not_check_the_header() {
        let mut bytes = frame(0x60, 0x40);
        assert_eq!(bytes[6], 0x82);
        bytes[6] = 0x1a;
        assert!(run(&bytes).is_err());
        assert_eq!(decompress(&bytes, &mut [0; 8], false).unwrap(), Some(8));
    }

    #[test]
    fn a_damaged_block_is_corrupt_however_little_room_there_is() {
        let mut bytes = frame(0x60, 0x40)[..7].to_vec();
        bytes.extend_from_slice(&4_u32.to_le_bytes());
        bytes.extend_from_slice(&[0x10, b'x', 9, 9]); // a match before the start
        bytes.extend_from_slice(&[0; 4]);
        for room in [0, 1, 100, 70_000] {
            assert!(decompress(&bytes, &mut vec![0; room], true).is_err(), "{room}");
        }
    }

    // An lz4 block that does not fit takes what it can fill aside, and not what its frame names.
    #[test]
    fn a_block_that_does_not_fit_takes_no_more_memory_than_it_can_fill() {
        let mut bytes = frame(0x60, 0x70)[..7].to_vec();
        // One byte, and 4 + 15 + 255 + 10 times the same; then the last five.
        let block = [0x1f, b'x', 1, 0, 255, 10, 0x50, b'y', b'y', b'y', b'y', b'y'];
        bytes.extend_from_slice(&(block.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&block);
        bytes.extend_from_slice(&[0; 4]);
        SCRATCH.set(Vec::new());
        assert_eq!(decompress(&bytes, &mut [0; 100], true).unwrap(), None);
        assert!(SCRATCH.with_borrow(Vec::capacity) <= block.len() * MOST_GROWTH);
        assert_eq!(decompress(&bytes, &mut [0; 400], true).unwrap(), Some(290));
    }
}
