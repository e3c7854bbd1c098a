//! The records of a batch as they were before compression, in memory that serves batch after batch.

use super::{Damaged, Readable, Unreadable};
use crate::batch::{ATTRIBUTES, HEADER, magic};
use crate::codec::Codec;

/// Places in records are numbers of 31 bits, whatever the limit is.
pub(super) const MOST_DECOMPRESSED: usize = i32::MAX as usize;

const CODEC_BITS: u8 = 7;
/// The first guess of what records decompress to, and the least memory that is taken.
const USUAL_RATIO: usize = 4;
const LEAST: usize = 64 * 1024;

/// Memory for decompressed records, and for those of a batch that is built anew.
#[derive(Debug, Default)]
pub struct Payload {
    decompressed: Vec<u8>,
    rebuilt: Vec<u8>,
    ranges: Vec<(u32, u32)>,
}

/// Makes `memory` at least `size` bytes long. Where there is no memory the process goes on: it may have more to do than this.
pub(super) fn make_room(memory: &mut Vec<u8>, size: usize) -> Readable<()> {
    let more = size.saturating_sub(memory.len());
    memory.try_reserve_exact(more).map_err(|_| Unreadable::NoMemory)?;
    memory.resize(memory.len() + more, 0);
    Ok(())
}

/// The codec's number of a readable batch.
pub(super) fn codec_of(batch: &[u8]) -> Readable<Codec> {
    Codec::from_id(u32::from(batch[ATTRIBUTES + 1] & CODEC_BITS)).map_err(|_| Damaged)
}

/// The records of a readable batch: a part of it, or decompressed to at most `limit` bytes of `memory`. What is allocated
/// grows with what really comes out.
pub(super) fn records<'a>(batch: &'a [u8], memory: &'a mut Vec<u8>, limit: usize) -> Readable<&'a [u8]> {
    let (codec, source) = (codec_of(batch)?, &batch[HEADER..]);
    if codec == Codec::None {
        return Ok(source);
    }
    let guess = source.len().saturating_mul(USUAL_RATIO).max(LEAST).min(limit);
    make_room(memory, guess)?;
    loop {
        let room = memory.len().min(limit);
        match codec.decompress(magic(batch), source, &mut memory[..room]) {
            Ok(Some(length)) => return Ok(&memory[..length]),
            Ok(None) if room < limit => make_room(memory, room.saturating_mul(2).max(LEAST).min(limit))?,
            _ => return Err(Damaged),
        }
    }
}

impl Payload {
    /// As the function does, in this memory; with the places for what is built from them.
    pub(super) fn records<'a>(&'a mut self, batch: &'a [u8], limit: usize) -> Readable<Parts<'a>> {
        let Self { decompressed, rebuilt, ranges } = self;
        ranges.clear();
        Ok(Parts { records: records(batch, decompressed, limit)?, rebuilt, ranges })
    }
}

/// A batch's records, and memory beside them.
pub(super) struct Parts<'a> {
    pub records: &'a [u8],
    pub rebuilt: &'a mut Vec<u8>,
    pub ranges: &'a mut Vec<(u32, u32)>,
}
