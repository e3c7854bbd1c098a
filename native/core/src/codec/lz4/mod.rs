//! LZ4 frames as Kafka writes and reads them.
//!
//! ```text
//! 04 22 4d 18 | FLG | BD | [content size x8] | HC | { length LE | block | [xxh32] }* | 00 00 00 00 | [xxh32]
//! ```
//!
//! Written: FLG 60 (version 1, independent blocks, nothing else), BD 40 (64 KiB blocks), HC 82. A length's top bit marks a
//! block stored as it is. LZ4 is the one little-endian format here.

mod block;
mod read;
mod write;
mod xxh32;

pub(super) use read::decompress;
pub(super) use write::{bound, compress};

const MAGIC: u32 = 0x184d_2204;
const LENGTH: usize = 4;
const STORED: u32 = 1 << 31;

mod flg {
    //! Bits of the first descriptor byte.
    pub const DICTIONARY: u8 = 1 << 0;
    pub const RESERVED: u8 = 1 << 1;
    pub const CONTENT_CHECKSUM: u8 = 1 << 2;
    pub const CONTENT_SIZE: u8 = 1 << 3;
    pub const BLOCK_CHECKSUM: u8 = 1 << 4;
    pub const INDEPENDENT: u8 = 1 << 5;
    pub const VERSION: u8 = 3 << 6;
    pub const VERSION_1: u8 = 1 << 6;
}

mod bd {
    //! Bits of the second descriptor byte.
    pub const RESERVED: u8 = 0x8f;
    pub const SIZE_SHIFT: u8 = 4;
    /// Sizes 4 to 7: 64 KiB, 256 KiB, 1 MiB, 4 MiB.
    pub const MIN_SIZE: u8 = 4;
}

/// The largest block of the frames written here.
const WRITTEN_BLOCK: usize = block_size(bd::MIN_SIZE);
const WRITTEN_DESCRIPTOR: [u8; 2] = [flg::VERSION_1 | flg::INDEPENDENT, bd::MIN_SIZE << bd::SIZE_SHIFT];
const HEADER: usize = 4 + WRITTEN_DESCRIPTOR.len() + 1;

const _: () = assert!(WRITTEN_BLOCK == 64 * 1024);
const _: () = assert!(WRITTEN_DESCRIPTOR[0] == 0x60 && WRITTEN_DESCRIPTOR[1] == 0x40);

const fn block_size(code: u8) -> usize {
    1 << (8 + 2 * code)
}

/// The header checksum of a descriptor.
fn header_checksum(descriptor: &[u8]) -> u8 {
    (xxh32::xxh32(descriptor) >> 8) as u8
}
