//! The two checksums of Kafka's formats. They differ in the polynomial only, and are not interchangeable.

use crc_fast::CrcAlgorithm;

/// CRC-32C (Castagnoli): batches of format 2, producer snapshots.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// CRC-32 (IEEE): message formats 0 and 1, gzip members.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iso_hdlc(bytes)
}

/// Which of the processor's instructions the checksums use.
#[must_use]
pub fn target() -> String {
    crc_fast::get_calculator_target(CrcAlgorithm::Crc32Iscsi)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the CRC catalogue, and the lengths around the widths of vector registers.
    #[test]
    fn known_values() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32c(b""), 0);
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn every_length_agrees_with_a_bit_by_bit_reference() {
        let bytes: Vec<u8> = (0..600_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for length in 0..bytes.len() {
            let part = &bytes[..length];
            assert_eq!(crc32c(part), slow(part, 0x82f6_3b78), "crc32c of {length} bytes");
            assert_eq!(crc32(part), slow(part, 0xedb8_8320), "crc32 of {length} bytes");
        }
    }

    fn slow(bytes: &[u8], polynomial: u32) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (polynomial & (crc & 1).wrapping_neg()))
        })
    }
}
