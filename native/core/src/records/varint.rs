//! Zigzag variable-length integers, read the way Java reads them.

/// Why an integer could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VarintFault {
    /// The bytes end before it does.
    End,
    /// It goes on after its last possible byte.
    TooLong,
}

const INT_BYTES: usize = 5;
const LONG_BYTES: usize = 10;

/// Reads an int32 at `*at` and moves past it. Encodings longer than needed are accepted, and bits above the 32nd are
/// dropped without a word, as in Java.
#[inline(always)]
pub fn read_int(bytes: &[u8], at: &mut usize) -> Result<i32, VarintFault> {
    let raw = match bytes.get(*at) {
        // Nearly all varints of a record have one byte, and nearly all others two.
        Some(&byte) if byte < 0x80 => {
            *at += 1;
            u32::from(byte)
        }
        Some(&low) => match bytes.get(*at + 1) {
            Some(&high) if high < 0x80 => {
                *at += 2;
                u32::from(low & 0x7f) | u32::from(high) << 7
            }
            _ => read_raw::<INT_BYTES>(bytes, at)? as u32,
        },
        None => return Err(VarintFault::End),
    };
    Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
}

/// Reads an int64 at `*at` and moves past it.
#[inline(always)]
pub fn read_long(bytes: &[u8], at: &mut usize) -> Result<i64, VarintFault> {
    let raw = match bytes.get(*at) {
        Some(&byte) if byte < 0x80 => {
            *at += 1;
            u64::from(byte)
        }
        _ => read_raw::<LONG_BYTES>(bytes, at)?,
    };
    Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
}

#[inline]
fn read_raw<const MAX: usize>(bytes: &[u8], at: &mut usize) -> Result<u64, VarintFault> {
    let mut raw = 0_u64;
    for index in 0..MAX {
        let Some(&byte) = bytes.get(*at + index) else {
            return Err(VarintFault::End);
        };
        raw |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *at += index + 1;
            return Ok(raw);
        }
    }
    Err(VarintFault::TooLong)
}

/// The bytes that an integer takes.
#[inline]
#[must_use]
pub fn size_of_long(value: i64) -> usize {
    let bits = 64 - (zigzag(value) | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// Writes an integer at `at`, where there is room; returns the place behind it. An int32 is written the same way.
#[inline]
pub fn write_long(target: &mut [u8], at: usize, value: i64) -> usize {
    let (mut raw, mut at) = (zigzag(value), at);
    while raw >= 0x80 {
        target[at] = raw as u8 | 0x80;
        raw >>= 7;
        at += 1;
    }
    target[at] = raw as u8;
    at + 1
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for bits in 0..64 {
            for value in [1_i64 << bits, (-1_i64) << bits, (1_i64 << bits).wrapping_sub(1), i64::MIN, i64::MAX] {
                let mut bytes = [0xee; LONG_BYTES + 1];
                let end = write_long(&mut bytes, 0, value);
                assert_eq!((end, size_of_long(value)), (size_of_long(value), end), "{value}");
                let mut at = 0;
                assert_eq!((read_long(&bytes, &mut at), at), (Ok(value), end), "{value}");
                if let Ok(small) = i32::try_from(value) {
                    assert_eq!(read_int(&bytes, &mut 0), Ok(small));
                }
            }
        }
    }

    #[test]
    fn values_and_faults() {
        let int = |bytes: &[u8]| read_int(bytes, &mut 0);
        let long = |bytes: &[u8]| read_long(bytes, &mut 0);
        assert_eq!(int(&[0]), Ok(0));
        assert_eq!(int(&[1]), Ok(-1));
        assert_eq!(int(&[0xfe, 0xff, 0xff, 0xff, 0x0f]), Ok(i32::MAX));
        assert_eq!(int(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(i32::MIN));
        assert_eq!(int(&[0x82, 0x80, 0x80, 0x80, 0x00]), Ok(1), "longer than needed");
        assert_eq!(int(&[0x82, 0x80, 0x80, 0x80, 0x70]), Ok(1), "bits above the 32nd");
        assert_eq!(int(&[0x82, 0x80, 0x80, 0x80, 0x80]), Err(VarintFault::TooLong));
        assert_eq!(int(&[0x82, 0x80, 0x80, 0x80]), Err(VarintFault::End));
        assert_eq!(int(&[]), Err(VarintFault::End));
        let mut most = [0xff; LONG_BYTES];
        assert_eq!(long(&most), Err(VarintFault::TooLong));
        most[9] = 1;
        assert_eq!(long(&most), Ok(i64::MIN));
        most[9] = 0x7f;
        assert_eq!(long(&most), Ok(i64::MIN), "bits above the 64th");
        assert_eq!(long(&most[..9]), Err(VarintFault::End));
    }
}
