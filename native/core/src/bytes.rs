//! Big-endian integers in byte slices. The caller has checked that they are there.

/// The int16 at `at`.
#[must_use]
pub fn i16_at(bytes: &[u8], at: usize) -> i16 {
    i16::from_be_bytes(array_at(bytes, at))
}

/// The int32 at `at`.
#[must_use]
pub fn i32_at(bytes: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(array_at(bytes, at))
}

/// The uint32 at `at`.
#[must_use]
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(array_at(bytes, at))
}

/// The int64 at `at`.
#[must_use]
pub fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_be_bytes(array_at(bytes, at))
}

/// The little-endian uint32 at `at`: LZ4 and zstd frames only.
#[must_use]
pub fn u32_le_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_width_in_order() {
        let bytes = [0xff, 0x80, 0, 0, 1, 0, 0, 0, 2, 9];
        assert_eq!(i16_at(&bytes, 0), -128);
        assert_eq!(i32_at(&bytes, 1), i32::MIN + 1);
        assert_eq!(u32_at(&bytes, 1), 0x8000_0001);
        assert_eq!(i64_at(&bytes, 1), i64::MIN + 0x1_0000_0002);
        assert_eq!(u32_le_at(&bytes, 1), 0x0100_0080);
    }
}
