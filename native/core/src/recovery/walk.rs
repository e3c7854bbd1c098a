//! Going over the batches of a range of a file: each is read once, checked while it is in the processor's cache, and
//! told as a [`Header`].

use super::control::{self, NO_CONTROL};
use super::state::Stop;
use crate::batch;
use crate::bytes::{i16_at, i32_at, i64_at};
use std::io;

/// The fewest bytes that a walk needs to read into: a whole control batch has to be there at once.
pub const MIN_SCRATCH: usize = control::MAX_SIZE;

/// What recovery looks at in a batch. Offsets and timestamps are doubles, as on the other side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Header {
    pub size: u64,
    pub magic: i8,
    pub base_offset: f64,
    pub last_offset: f64,
    pub max_timestamp: f64,
    pub leader_epoch: i32,
    pub attributes: i16,
    pub producer_id: f64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub control_type: i32,
    pub coordinator_epoch: i32,
}

impl Header {
    /// Of a batch that is not too small for its format, of which `bytes` is all or at least a control batch's most.
    fn of(bytes: &[u8], size: u64) -> Self {
        let magic = batch::magic(bytes);
        let base_offset = i64_at(bytes, batch::OFFSET) as f64;
        if magic < 2 {
            return Self {
                size,
                magic,
                base_offset,
                last_offset: base_offset,
                max_timestamp: batch::max_timestamp(bytes) as f64,
                leader_epoch: -1,
                attributes: i16::from(bytes[batch::MAGIC + 1].cast_signed()),
                producer_id: -1.0,
                producer_epoch: -1,
                base_sequence: -1,
                control_type: NO_CONTROL,
                coordinator_epoch: -1,
            };
        }
        let marker = control::read(bytes, size);
        Self {
            size,
            magic,
            base_offset,
            last_offset: base_offset + f64::from(i32_at(bytes, batch::LAST_OFFSET_DELTA)),
            max_timestamp: batch::max_timestamp(bytes) as f64,
            leader_epoch: i32_at(bytes, batch::LEADER_EPOCH),
            attributes: i16_at(bytes, batch::ATTRIBUTES),
            producer_id: i64_at(bytes, batch::PRODUCER_ID) as f64,
            producer_epoch: i16_at(bytes, batch::PRODUCER_EPOCH),
            base_sequence: i32_at(bytes, batch::BASE_SEQUENCE),
            control_type: marker.control_type,
            coordinator_epoch: marker.coordinator_epoch,
        }
    }
}

/// A walk over the batches in `[position, end)`, with a part of the file in `scratch`.
pub struct Walk<'a, R> {
    read: R,
    scratch: &'a mut [u8],
    /// Where `scratch` starts in the file, and how much of it is filled.
    start: u64,
    filled: usize,
    end: u64,
}

impl<'a, R: Fn(&mut [u8], u64) -> io::Result<usize>> Walk<'a, R> {
    /// `scratch` has at least [`MIN_SCRATCH`] bytes.
    pub fn new(read: R, scratch: &'a mut [u8], end: u64) -> Self {
        Self { read, scratch, start: 0, filled: 0, end }
    }

    /// Where the range ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The batch at `position`, or why there is none. The order of the checks is that of `scan`.
    pub fn next(&mut self, position: u64) -> io::Result<Result<Header, Stop>> {
        if position >= self.end {
            return Ok(Err(Stop::End));
        }
        let prefix = self.at(position, batch::PREFIX)?;
        if prefix.len() < batch::PREFIX {
            return Ok(Err(Stop::Partial));
        }
        let Some(size) = batch::total_size(prefix) else {
            return Ok(Err(Stop::InvalidSize));
        };
        if size > self.end - position {
            return Ok(Err(Stop::Partial));
        }
        let Some(room) = usize::try_from(size).ok().filter(|size| *size <= self.scratch.len()) else {
            return self.next_large(position, size);
        };
        let bytes = self.at(position, room)?;
        Ok(match bytes.get(..room) {
            None => Err(Stop::Partial),
            Some(batch) if !batch::is_valid(batch) => Err(Stop::InvalidCrc),
            Some(batch) => Ok(Header::of(batch, size)),
        })
    }

    /// A batch that `scratch` cannot hold: its checksum goes over it in pieces.
    fn next_large(&mut self, position: u64, size: u64) -> io::Result<Result<Header, Stop>> {
        let all = self.scratch.len();
        let first = self.at(position, all)?;
        if first.len() < all {
            return Ok(Err(Stop::Partial));
        }
        let header = Header::of(first, size);
        let (mut crc, stored) = batch::running_crc(first);
        let mut done = first.len() as u64;
        while done < size {
            let piece = (size - done).min(all as u64) as usize;
            let got = (self.read)(&mut self.scratch[..piece], position + done)?;
            self.filled = 0;
            if got < piece {
                return Ok(Err(Stop::Partial));
            }
            crc.update(&self.scratch[..piece]);
            done += piece as u64;
        }
        Ok(if crc.value() == stored { Ok(header) } else { Err(Stop::InvalidCrc) })
    }

    /// The bytes from `position` on: at least `wanted`, unless the file or the range ends before.
    fn at(&mut self, position: u64, wanted: usize) -> io::Result<&[u8]> {
        let kept = self.start + self.filled as u64;
        let is_within = position >= self.start && position <= kept;
        let from = if is_within { (position - self.start) as usize } else { self.filled };
        if self.filled - from >= wanted && is_within {
            return Ok(&self.scratch[from..self.filled]);
        }
        // What is there already is moved, not read again.
        self.scratch.copy_within(from..self.filled, 0);
        let moved = self.filled - from;
        let room = (self.end - position).min(self.scratch.len() as u64) as usize;
        (self.start, self.filled) = (position, moved);
        if room > moved {
            self.filled += (self.read)(&mut self.scratch[moved..room], position + moved as u64)?;
        }
        Ok(&self.scratch[..self.filled])
    }
}
