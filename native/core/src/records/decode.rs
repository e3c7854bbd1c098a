//! Record fields to columns of positions.
//!
//! ```text
//! length varint | attributes int8 | timestampDelta varlong | offsetDelta varint
//! | keyLength varint (-1 null) | key | valueLength varint (-1 null) | value
//! | headerCount varint | { keyLength varint | key | valueLength varint (-1 null) | value }*
//! ```
//!
//! `length` counts the bytes behind itself. Both engines name the same first fault, so the order of the checks is fixed:
//! a record is read front to back, a field's own value is judged before the room it needs, and running out of the record
//! is `LengthMismatch` while running out of the bytes (which only the record's length can do) is `Truncated`.

use super::varint::{VarintFault, read_int, read_long};
use crate::{Error, Result};

/// What is wrong with a record. The numbers are `RECORD_FAULTS` of the engine's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None = 0,
    /// A varint of more than 5 bytes, or a varlong of more than 10.
    VarintTooLong = 1,
    /// The bytes end before the record does.
    Truncated = 2,
    /// A key or value length below -1, or a record length below 0.
    InvalidLength = 3,
    /// A header count below 0 or above the bytes that remain, or a null header key.
    InvalidHeaders = 4,
    /// The fields end before or after the record's own length says.
    LengthMismatch = 5,
    /// Bytes remain behind the last record.
    TrailingBytes = 6,
}

/// Which record has which fault, and where it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The first fault.
    pub fault: Fault,
    /// The record's number; the count when there is no fault or bytes trail.
    pub record: i32,
    /// Where it starts, or where the last record ends.
    pub position: usize,
}

/// Numbers a row: `RECORD_ROW` of the engine's contract.
pub const ROW: usize = 8;

/// Decodes `count` records that fill `bytes[start..end]`, which the caller has checked to be there and below 2^31.
///
/// # Errors
/// `InvalidArgument` when there are more records than `rows` has room for.
pub fn decode(bytes: &[u8], start: usize, end: usize, count: i32, rows: &mut [i32]) -> Result<Outcome> {
    let bytes = &bytes[..end];
    let mut at = start;
    if count < 0 {
        return Ok(Outcome { fault: Fault::Truncated, record: 0, position: start });
    }
    for record in 0..count {
        let index = record as usize * ROW;
        let mut fields = [0; ROW];
        match decode_one(bytes, at, &mut fields) {
            Ok(next) => {
                let Some(row) = rows.get_mut(index..index + ROW) else {
                    return Err(Error::argument(format!("the rows have no room for record {record}")));
                };
                row.copy_from_slice(&fields);
                at = next;
            }
            Err(fault) => {
                return Ok(Outcome { fault, record, position: at });
            }
        }
    }
    // Kafka looks behind the last record only once it has read one, so a batch of none may carry anything.
    let trailing = count > 0 && at != end;
    Ok(Outcome { fault: if trailing { Fault::TrailingBytes } else { Fault::None }, record: count, position: at })
}

/// Decodes the record at `start`; returns where the next one starts.
#[inline]
pub(crate) fn decode_one(bytes: &[u8], start: usize, row: &mut [i32; ROW]) -> std::result::Result<usize, Fault> {
    let mut at = start;
    let length = read_int(bytes, &mut at).map_err(in_bytes)?;
    let length = usize::try_from(length).map_err(|_| Fault::InvalidLength)?;
    let end = at + length;
    let body = bytes.get(..end).ok_or(Fault::Truncated)?;

    if at == end {
        return Err(Fault::LengthMismatch);
    }
    at += 1; // attributes: unused
    let timestamp_delta = read_long(body, &mut at).map_err(in_record)?;
    row[0] = read_int(body, &mut at).map_err(in_record)?;
    row[1] = timestamp_delta as i32; // the low half
    row[2] = (timestamp_delta >> 32) as i32;
    (row[3], row[4]) = skip_nullable(body, &mut at)?;
    (row[5], row[6]) = skip_nullable(body, &mut at)?;
    row[7] = at as i32;

    let headers = read_int(body, &mut at).map_err(in_record)?;
    let headers = usize::try_from(headers).map_err(|_| Fault::InvalidHeaders)?;
    if headers > end - at {
        return Err(Fault::InvalidHeaders);
    }
    for _ in 0..headers {
        let key = read_int(body, &mut at).map_err(in_record)?;
        let key = usize::try_from(key).map_err(|_| Fault::InvalidHeaders)?;
        advance(body, &mut at, key)?;
        skip_nullable(body, &mut at)?;
    }
    if at == end { Ok(end) } else { Err(Fault::LengthMismatch) }
}

/// Moves past a length and its bytes; returns where they start and the length.
#[inline(always)]
fn skip_nullable(body: &[u8], at: &mut usize) -> std::result::Result<(i32, i32), Fault> {
    let length = read_int(body, at).map_err(in_record)?;
    if length < -1 {
        return Err(Fault::InvalidLength);
    }
    let start = *at;
    advance(body, at, length.max(0) as usize)?;
    Ok((start as i32, length))
}

#[inline(always)]
fn advance(body: &[u8], at: &mut usize, length: usize) -> std::result::Result<(), Fault> {
    if length > body.len() - *at {
        return Err(Fault::LengthMismatch);
    }
    *at += length;
    Ok(())
}

fn in_bytes(fault: VarintFault) -> Fault {
    match fault {
        VarintFault::End => Fault::Truncated,
        VarintFault::TooLong => Fault::VarintTooLong,
    }
}

fn in_record(fault: VarintFault) -> Fault {
    match fault {
        VarintFault::End => Fault::LengthMismatch,
        VarintFault::TooLong => Fault::VarintTooLong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// attributes, timestamp delta -1, offset delta 1, key "k", null value, one header "h" -> null
    const BODY: [u8; 10] = [0, 1, 2, 2, b'k', 1, 2, 2, b'h', 1];

    fn record(body: &[u8]) -> Vec<u8> {
        let mut record = vec![u8::try_from(body.len() * 2).unwrap()];
        record.extend_from_slice(body);
        record
    }

    fn run(bytes: &[u8], count: i32) -> Outcome {
        decode(bytes, 0, bytes.len(), count, &mut [0; ROW * 4]).unwrap()
    }

    #[test]
    fn columns() {
        let bytes = [vec![0xee; 3], record(&BODY), record(&BODY), vec![0xee; 3]].concat();
        let mut rows = [0; ROW * 2];
        let outcome = decode(&bytes, 3, bytes.len() - 3, 2, &mut rows).unwrap();
        assert_eq!(outcome, Outcome { fault: Fault::None, record: 2, position: 25 });
        assert_eq!(&rows[..ROW], &[1, -1, -1, 8, 1, 10, -1, 10]);
        assert_eq!(&rows[ROW..], &[1, -1, -1, 19, 1, 21, -1, 21]);
    }

    #[test]
    fn each_fault() {
        let long = [0x80; 10];
        let with = |at: usize, bytes: &[u8]| {
            let mut body = BODY[..at].to_vec();
            body.extend_from_slice(bytes);
            body.extend_from_slice(&BODY[at + 1..]);
            record(&body)
        };
        let cases: &[(&str, Vec<u8>, Fault)] = &[
            ("nothing", vec![], Fault::Truncated),
            ("length cut off", vec![0x80], Fault::Truncated),
            ("length too long", vec![0x80; 5], Fault::VarintTooLong),
            ("length -1", vec![1], Fault::InvalidLength),
            ("length past the end", vec![22; 11], Fault::Truncated),
            ("length 0", vec![0], Fault::LengthMismatch),
            ("only attributes", record(&BODY[..1]), Fault::LengthMismatch),
            ("timestamp cut off", record(&[0, 0x80]), Fault::LengthMismatch),
            ("timestamp too long", with(1, &long), Fault::VarintTooLong),
            ("offset delta too long", with(2, &long[..5]), Fault::VarintTooLong),
            ("key length -2", with(3, &[3]), Fault::InvalidLength),
            ("key past the record", with(3, &[40]), Fault::LengthMismatch),
            ("value length -2", with(5, &[3]), Fault::InvalidLength),
            ("value past the record", with(5, &[40]), Fault::LengthMismatch),
            ("header count -1", with(6, &[1]), Fault::InvalidHeaders),
            ("header count above the bytes", with(6, &[8]), Fault::InvalidHeaders),
            ("header count too large by one", with(6, &[4]), Fault::LengthMismatch),
            ("header count too small", with(6, &[0]), Fault::LengthMismatch),
            ("null header key", with(7, &[1]), Fault::InvalidHeaders),
            ("header key past the record", with(7, &[40]), Fault::LengthMismatch),
            ("header value length -2", with(9, &[3]), Fault::InvalidLength),
            ("header value past the record", with(9, &[2]), Fault::LengthMismatch),
        ];
        for (name, bytes, fault) in cases {
            let good = record(&BODY);
            assert_eq!(run(bytes, 1), Outcome { fault: *fault, record: 0, position: 0 }, "{name}");
            let second = [good.clone(), bytes.clone()].concat();
            assert_eq!(run(&second, 2), Outcome { fault: *fault, record: 1, position: 11 }, "{name}, second");
        }
    }

    #[test]
    fn counts() {
        let bytes = record(&BODY);
        assert_eq!(run(&bytes, -1), Outcome { fault: Fault::Truncated, record: 0, position: 0 });
        assert_eq!(run(&bytes, 0), Outcome { fault: Fault::None, record: 0, position: 0 });
        assert_eq!(run(&bytes, i32::MAX), Outcome { fault: Fault::Truncated, record: 1, position: 11 });
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(run(&longer, 1), Outcome { fault: Fault::TrailingBytes, record: 1, position: 11 });
        assert!(decode(&bytes, 0, 11, 1, &mut [0; ROW - 1]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), count in -2..50_i32) {
            let mut rows = vec![0; ROW * 50];
            let outcome = decode(&bytes, 0, bytes.len(), count, &mut rows).unwrap();
            prop_assert!(outcome.position <= bytes.len());
        }
    }
}
