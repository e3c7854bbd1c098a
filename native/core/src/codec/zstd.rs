//! Zstd frames.
//!
//! Contexts are kept for each thread: making one costs more than compressing a batch.

use crate::bytes::u32_le_at;
use crate::{Error, Result};
use std::cell::RefCell;
use zstd_safe::{CCtx, CParameter, DCtx, ResetDirective};

/// The largest window a reader accepts by default, Kafka's among them: 2^27 bytes.
const MAX_WINDOW: u64 = 1 << 27;
const MAGIC: u32 = 0xfd2f_b528;
/// `ZSTD_error_dstSize_tooSmall`; the library gives errors as negated numbers.
const TARGET_TOO_SMALL: usize = 70_usize.wrapping_neg();

thread_local! {
    static COMPRESSOR: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

pub(super) fn bound(length: usize) -> usize {
    zstd_safe::compress_bound(length)
}

pub(super) fn compress(level: i32, source: &[u8], target: &mut [u8]) -> Result<usize> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let context = match slot {
            Some(context) => context,
            None => slot.insert(CCtx::try_create().ok_or_else(no_memory)?),
        };
        let failed = |code| Error::Internal(format!("zstd: {}", zstd_safe::get_error_name(code)));
        context.reset(ResetDirective::SessionAndParameters).map_err(failed)?;
        context.set_parameter(CParameter::CompressionLevel(level)).map_err(failed)?;
        // Kafka's writer streams, so that its frames do not carry their content's size.
        context.set_parameter(CParameter::ContentSizeFlag(false)).map_err(failed)?;
        context.compress2(target, source).map_err(failed)
    })
}

/// Frame after frame straight into the target, which is its own window: nothing is allocated for what a header claims.
pub(super) fn decompress(source: &[u8], target: &mut [u8]) -> Result<Option<usize>> {
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let context = match slot {
            Some(context) => context,
            None => slot.insert(DCtx::try_create().ok_or_else(no_memory)?),
        };
        let (mut at, mut filled) = (0, 0);
        while at < source.len() {
            let rest = &source[at..];
            let length = zstd_safe::find_frame_compressed_size(rest).map_err(|_| damaged())?;
            let frame = rest.get(..length).ok_or_else(damaged)?;
            if window(frame).is_none_or(|window| window > MAX_WINDOW) {
                return Err(Error::CorruptCompressedData("the zstd window is larger than 2^27 bytes"));
            }
            match context.decompress(&mut target[filled..], frame) {
                Ok(produced) => filled += produced,
                Err(TARGET_TOO_SMALL) => return Ok(None),
                Err(_) => return Err(damaged()),
            }
            at += length;
        }
        Ok(Some(filled))
    })
}

/// The window that a frame's header asks for: a descriptor of exponent and mantissa, or the content's size itself.
fn window(frame: &[u8]) -> Option<u64> {
    if u32_le_at(frame, 0) != MAGIC {
        return Some(0); // a skippable frame
    }
    let descriptor = *frame.get(4)?;
    let single_segment = descriptor & (1 << 5) != 0;
    if single_segment {
        return zstd_safe::get_frame_content_size(frame).ok()?;
    }
    let window = *frame.get(5)?;
    let base = 1_u64 << (10 + (window >> 3));
    Some(base + base / 8 * u64::from(window & 7))
}

fn damaged() -> Error {
    Error::CorruptCompressedData("the zstd frame is damaged")
}

fn no_memory() -> Error {
    Error::Internal("no memory for a zstd context".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(source: &[u8]) -> Vec<u8> {
        let mut target = vec![0; bound(source.len())];
        let length = compress(3, source, &mut target).unwrap();
        target.truncate(length);
        target
    }

    #[test]
    fn frames_may_follow_each_other() {
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let bytes = [packed(b"one "), skippable, packed(b"two")].concat();
        let mut target = [0; 20];
        assert_eq!(decompress(&bytes, &mut target).unwrap(), Some(7));
        assert_eq!(&target[..7], b"one two");
        assert_eq!(decompress(&[], &mut target).unwrap(), Some(0), "as zstd-jni");
        assert!(decompress(&[&bytes[..], &[0]].concat(), &mut target).is_err());
    }

    #[test]
    fn frames_carry_no_content_size() {
        assert_eq!(zstd_safe::get_frame_content_size(&packed(&[1; 5000])).unwrap(), None);
    }

    #[test]
    fn a_window_above_the_limit_is_refused() {
        // An empty last raw block behind a header that asks for a window.
        let frame = |window: u8| [0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0];
        assert_eq!(decompress(&frame(17 << 3), &mut []).unwrap(), Some(0), "2^27");
        assert!(decompress(&frame((17 << 3) | 1), &mut []).is_err());
        assert!(decompress(&frame(31 << 3), &mut []).is_err());
    }

    #[test]
    fn a_bomb_fills_the_target_and_no_more() {
        let bomb = packed(&vec![0; 10_000_000]);
        assert!(bomb.len() < 2000);
        assert_eq!(decompress(&bomb, &mut [0; 1000]).unwrap(), None);
    }
}
