//! Codecs: nothing is written behind the room, nothing is allocated because the input says so, and what comes out does not
//! depend on the room.

use crate::memory::{USUAL, within};
use crate::segment::with_choice;
use seglog_core::Error;
use seglog_core::codec::Codec;

const CANARY: u8 = 0xa5;
const MOST: usize = 1 << 20;

/// A gzip member.
pub fn gzip(data: &[u8]) {
    decoded(Codec::Gzip, data);
}

/// Snappy in xerial's framing, or raw.
pub fn snappy(data: &[u8]) {
    decoded(Codec::Snappy, data);
}

/// An LZ4 frame, of format 0 too.
pub fn lz4(data: &[u8]) {
    decoded(Codec::Lz4, data);
}

/// A zstd frame.
pub fn zstd(data: &[u8]) {
    decoded(Codec::Zstd, data);
}

fn decoded(codec: Codec, data: &[u8]) {
    let (choice, source) = with_choice(data);
    let magic = if choice & 1 == 0 { 2 } else { 0 };
    let small = usize::from(choice >> 1) * 131;
    let one = decompressed(codec, magic, source, small);
    let all = decompressed(codec, magic, source, MOST);
    match (&one, &all) {
        (Some(Some(few)), Some(Some(many))) => assert!(few == many, "the room changes what comes out"),
        (Some(Some(_)), _) => panic!("more room made it fail"),
        (Some(None), Some(Some(many))) => assert!(many.len() > small, "{} bytes fit {small}", many.len()),
        _ => {}
    }
    if let Some(Some(plain)) = all {
        round_trip(codec, magic, usual_level(codec), &plain);
    }
}

/// The bytes, that they do not fit, or that they are damaged.
fn decompressed(codec: Codec, magic: i8, source: &[u8], room: usize) -> Option<Option<Vec<u8>>> {
    let mut target = vec![CANARY; room + 64];
    // An LZ4 block that may not fit is decoded beside the target: in no more room than it can fill.
    let growth = if codec == Codec::Lz4 { 256 } else { 4 };
    let result = within(USUAL + growth * source.len(), || codec.decompress(magic, source, &mut target[..room]));
    assert!(target[room..].iter().all(|&byte| byte == CANARY), "bytes behind the room were written");
    match result {
        Ok(length) => Some(length.map(|length| {
            target.truncate(length);
            target
        })),
        Err(Error::CorruptCompressedData(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

/// What was compressed comes back, at every level.
pub fn compress(data: &[u8]) {
    let (choice, source) = with_choice(data);
    let (level, source) = with_choice(source);
    let codec = Codec::from_id(u32::from(choice) % 5).unwrap();
    round_trip(codec, 2, i32::from(level.cast_signed()), source);
}

fn round_trip(codec: Codec, magic: i8, level: i32, plain: &[u8]) {
    let bound = codec.bound(plain.len());
    let mut packed = vec![CANARY; bound + 64];
    let length = match codec.compress(level, plain, &mut packed[..bound]) {
        Ok(length) => length,
        Err(Error::InvalidArgument(_)) if level != usual_level(codec) => return,
        Err(other) => panic!("{other}"),
    };
    assert!(packed[bound..].iter().all(|&byte| byte == CANARY), "bytes behind the bound were written");
    let back = decompressed(codec, magic, &packed[..length], plain.len());
    assert!(back == Some(Some(plain.to_vec())), "{codec:?} at level {level} does not come back");
}

fn usual_level(codec: Codec) -> i32 {
    match codec {
        Codec::Gzip => -1,
        Codec::Lz4 => 9,
        Codec::Zstd => 3,
        Codec::None | Codec::Snappy => 0,
    }
}
