//! Compression in Kafka's framing for each codec.
//!
//! Decompression writes to room that the caller gives. When there is too little it says so and nothing more, so that the
//! caller's limit decides how far to go; no size that the input claims is ever allocated.

pub mod gzip;
pub mod lz4;
pub mod snappy;
pub mod zstd;

use crate::{Error, Result};

/// A batch's codec, by its number in the attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Bytes as they are.
    None,
    /// One gzip member.
    Gzip,
    /// Xerial's framing of raw snappy blocks.
    Snappy,
    /// An LZ4 frame.
    Lz4,
    /// A zstd frame.
    Zstd,
}

impl Codec {
    /// The codec with that number.
    ///
    /// # Errors
    /// `UnsupportedCodec`.
    pub fn from_id(id: u32) -> Result<Self> {
        match id {
            0 => Ok(Self::None),
            1 => Ok(Self::Gzip),
            2 => Ok(Self::Snappy),
            3 => Ok(Self::Lz4),
            4 => Ok(Self::Zstd),
            _ => Err(Error::UnsupportedCodec(id)),
        }
    }

    /// The most bytes that compressing `length` bytes can give.
    #[must_use]
    pub fn bound(self, length: usize) -> usize {
        match self {
            Self::None => length,
            Self::Gzip => gzip::bound(length),
            Self::Snappy => snappy::bound(length),
            Self::Lz4 => lz4::bound(length),
            Self::Zstd => zstd::bound(length),
        }
    }

    /// Compresses `source` to the start of `target`; returns the number of bytes.
    ///
    /// # Errors
    /// `InvalidArgument` when `target` is smaller than the bound, or the level is none of the codec's.
    pub fn compress(self, level: i32, source: &[u8], target: &mut [u8]) -> Result<usize> {
        let bound = self.bound(source.len());
        if target.len() < bound {
            return Err(Error::argument(format!("compressing needs room for {bound} bytes, not {}", target.len())));
        }
        match self {
            Self::None => Ok(copy(source, target).unwrap_or(0)),
            Self::Gzip => gzip::compress(level, source, target),
            Self::Snappy => snappy::compress(source, target),
            Self::Lz4 => lz4::compress(level, source, target),
            Self::Zstd => zstd::compress(level, source, target),
        }
    }

    /// Decompresses `source` to the start of `target`; returns the number of bytes, or nothing when they do not fit.
    /// `magic` is the batch's format, as format 0 has its own rule for LZ4.
    ///
    /// # Errors
    /// `CorruptCompressedData`.
    pub fn decompress(self, magic: i8, source: &[u8], target: &mut [u8]) -> Result<Option<usize>> {
        match self {
            Self::None => Ok(copy(source, target)),
            Self::Gzip => gzip::decompress(source, target),
            Self::Snappy => snappy::decompress(source, target),
            Self::Lz4 => lz4::decompress(source, target, magic != 0),
            Self::Zstd => zstd::decompress(source, target),
        }
    }
}

fn copy(source: &[u8], target: &mut [u8]) -> Option<usize> {
    target.get_mut(..source.len())?.copy_from_slice(source);
    Some(source.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Codec; 5] = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

    fn compressed(codec: Codec, level: i32, source: &[u8]) -> Vec<u8> {
        let mut target = vec![0; codec.bound(source.len())];
        let length = codec.compress(level, source, &mut target).unwrap();
        target.truncate(length);
        target
    }

    fn levels(codec: Codec) -> &'static [i32] {
        match codec {
            Codec::Gzip => &[-1, 1, 6, 9],
            Codec::Lz4 => &[9, 1, 5, 17],
            Codec::Zstd => &[3, -131_072, 1, 22],
            _ => &[0],
        }
    }

    /// Runs and noise in turn: what compresses well, badly and in between.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..600),
            (any::<u8>(), 0..90_000_usize).prop_map(|(byte, count)| vec![byte; count]),
        ];
        prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
    }

    #[test]
    fn numbers() {
        for (id, codec) in ALL.into_iter().enumerate() {
            assert_eq!(Codec::from_id(id as u32).unwrap(), codec);
        }
        assert!(matches!(Codec::from_id(5), Err(Error::UnsupportedCodec(5))));
    }

    #[test]
    fn empty_and_exact_and_too_little_room() {
        let noise: Vec<u8> = (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
        for codec in ALL {
            for source in [&noise[..0], &noise[..1], &noise[..70_000], &noise[..], &[7; 65_536]] {
                for &level in levels(codec) {
                    let packed = compressed(codec, level, source);
                    let mut exact = vec![0; source.len()];
                    assert_eq!(
                        codec.decompress(2, &packed, &mut exact).unwrap(),
                        Some(source.len()),
                        "{codec:?} {level}"
                    );
                    assert_eq!(exact, source);
                    if let Some(short) = source.len().checked_sub(1) {
                        assert_eq!(
                            codec.decompress(2, &packed, &mut exact[..short]).unwrap(),
                            None,
                            "{codec:?} {level}"
                        );
                        assert_eq!(codec.decompress(2, &packed, &mut []).unwrap(), None, "{codec:?} {level}");
                    }
                }
            }
            let mut small = vec![0; codec.bound(9) - 1];
            assert!(matches!(codec.compress(1, &[0; 9], &mut small), Err(Error::InvalidArgument(_))));
        }
    }

    #[test]
    fn cut_off_input_is_corrupt() {
        let source = [b"some text ".repeat(50), (0..255).collect()].concat();
        for codec in [Codec::Gzip, Codec::Lz4, Codec::Zstd] {
            let packed = compressed(codec, levels(codec)[0], &source);
            let mut target = vec![0; source.len() + 100];
            for length in 1..packed.len() {
                let result = codec.decompress(2, &packed[..length], &mut target);
                assert!(matches!(result, Err(Error::CorruptCompressedData(_))), "{codec:?} {length}: {result:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn round_trips(source in text(), pick: prop::sample::Index) {
            for codec in ALL {
                let levels = levels(codec);
                let packed = compressed(codec, levels[pick.index(levels.len())], &source);
                let mut back = vec![0; source.len() + 10];
                prop_assert_eq!(codec.decompress(2, &packed, &mut back).unwrap(), Some(source.len()));
                prop_assert_eq!(&back[..source.len()], &source[..]);
            }
        }

        #[test]
        fn damaged_input_never_panics_and_stays_inside(
            source in prop::collection::vec(any::<u8>(), 0..300),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            room in 0..400_usize,
        ) {
            for codec in ALL {
                let mut packed = compressed(codec, levels(codec)[0], &source);
                if packed.is_empty() {
                    continue;
                }
                for (at, value) in &damage {
                    let at = at.index(packed.len());
                    packed[at] = *value;
                }
                let mut target = vec![0; room];
                match codec.decompress(1, &packed, &mut target) {
                    Ok(length) => prop_assert!(length.unwrap_or(0) <= room),
                    Err(error) => prop_assert_eq!(error.code(), "CORRUPT_COMPRESSED_DATA"),
                }
            }
        }
    }
}
