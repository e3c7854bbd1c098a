//! The two checksums of Kafka's formats. They differ in the polynomial only, and are not interchangeable.

use crc_fast::{CrcAlgorithm, Digest};

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

/// A checksum over bytes that come in pieces.
pub struct Running(Digest);

impl Running {
    /// CRC-32C.
    #[must_use]
    pub fn crc32c() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc32Iscsi))
    }

    /// CRC-32.
    #[must_use]
    pub fn crc32() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc32IsoHdlc))
    }

    /// Goes over the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all pieces.
    #[must_use]
    pub fn value(&self) -> u32 {
        self.0.finalize() as u32
    }
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

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let bytes: Vec<u8> = (0..5000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 9) as u8).collect();
        for cut in [0, 1, 15, 16, 255, 256, 1000, 4999, 5000] {
            let (mut castagnoli, mut ieee) = (Running::crc32c(), Running::crc32());
            for piece in [&bytes[..cut], &bytes[cut..]] {
                castagnoli.update(piece);
                ieee.update(piece);
            }
            assert_eq!((castagnoli.value(), ieee.value()), (crc32c(&bytes), crc32(&bytes)), "cut at {cut}");
        }
    }

    fn slow(bytes: &[u8], polynomial: u32) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (polynomial & (crc & 1).wrapping_neg()))
        })
    }
}
