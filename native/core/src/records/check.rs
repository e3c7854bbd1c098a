//! What has to hold of a batch's records beside that they can be read: the numbers that it is judged by.

use super::decode::{Fault, ROW, decode_one};

/// What a walk over all records found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The first fault; the numbers below are of the records before it.
    pub fault: Fault,
    /// Which record has it; the count when there is none or bytes trail.
    pub record: i32,
    /// Where it starts, or where the last record ends.
    pub position: usize,
    /// The first offset delta that is not above the one before, or below 0.
    pub not_rising: Option<i32>,
    /// The last record's; -1 without records.
    pub last_offset_delta: i32,
    /// The largest; the least int64 without records.
    pub max_timestamp_delta: i64,
}

/// Goes over `count` records that fill `bytes[start..]`.
#[must_use]
pub fn check(bytes: &[u8], start: usize, count: i32) -> Found {
    let mut found = Found {
        fault: if count < 0 { Fault::Truncated } else { Fault::None },
        record: 0,
        position: start,
        not_rising: None,
        last_offset_delta: -1,
        max_timestamp_delta: i64::MIN,
    };
    while found.record < count {
        let mut row = [0; ROW];
        match decode_one(bytes, found.position, &mut row) {
            Ok(next) => found.position = next,
            Err(fault) => return Found { fault, ..found },
        }
        if row[0] <= found.last_offset_delta && found.not_rising.is_none() {
            found.not_rising = Some(row[0]);
        }
        found.last_offset_delta = row[0];
        let timestamp_delta = i64::from(row[2]) << 32 | i64::from(row[1].cast_unsigned());
        found.max_timestamp_delta = found.max_timestamp_delta.max(timestamp_delta);
        found.record += 1;
    }
    if count > 0 && found.position != bytes.len() {
        found.fault = Fault::TrailingBytes;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Offset and timestamp deltas of one byte each, null key and value, no headers.
    fn record(timestamp: u8, offset: u8) -> [u8; 7] {
        [12, 0, timestamp * 2, offset * 2, 1, 1, 0]
    }

    #[test]
    fn what_is_found() {
        let bytes = [record(5, 0), record(9, 1), record(7, 4)].concat();
        let sound = Found {
            fault: Fault::None,
            record: 3,
            position: 21,
            not_rising: None,
            last_offset_delta: 4,
            max_timestamp_delta: 9,
        };
        assert_eq!(check(&bytes, 0, 3), sound);
        let two = Found { record: 2, position: 14, last_offset_delta: 1, ..sound };
        assert_eq!(check(&bytes, 0, 2), Found { fault: Fault::TrailingBytes, ..two });
        assert_eq!(check(&bytes[..20], 0, 3), Found { fault: Fault::Truncated, ..two });
        assert_eq!(check(&bytes, 0, 4), Found { fault: Fault::Truncated, ..sound });
        let none = Found { record: 0, position: 21, last_offset_delta: -1, max_timestamp_delta: i64::MIN, ..sound };
        assert_eq!(check(&bytes, 21, 0), none);
        assert_eq!(check(&bytes, 21, -1), Found { fault: Fault::Truncated, ..none });
        let falling = [record(5, 3), record(5, 2), record(5, 2), record(5, 9)].concat();
        let found = check(&falling, 0, 4);
        assert_eq!((found.not_rising, found.last_offset_delta), (Some(2), 9));
        assert_eq!(check(&[12, 0, 0, 1, 1, 1, 0], 0, 1).not_rising, Some(-1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), count in -2..50_i32) {
            prop_assert!(check(&bytes, 0, count).position <= bytes.len());
        }
    }
}
