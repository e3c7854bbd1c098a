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
const BLOCK_HEADER: usize = 3;
/// A block's kind: one byte stands for all.
const RUN: usize = 1;
const COMPRESSED: usize = 2;
/// The most bytes that a compressed block stands for.
const MAX_BLOCK: usize = 128 * 1024;
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
                // The library says so of some damage, too, however much room there is.
                Err(TARGET_TOO_SMALL) if target.len() - filled < most(frame) => return Ok(None),
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

/// The most bytes that the blocks of a whole frame can stand for: compressed ones for as much as any block may hold.
fn most(frame: &[u8]) -> usize {
    let descriptor = frame.get(4).copied().unwrap_or(0);
    let single_segment = descriptor & (1 << 5) != 0;
    let content_size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        code => 1 << code,
    };
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let mut at = 5 + usize::from(!single_segment) + dictionary + content_size;
    let mut sum = 0;
    while let Some(header) = frame.get(at..at + BLOCK_HEADER) {
        let field = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
        let (is_last, kind, size) = (field & 1 != 0, field >> 1 & 3, field >> 3);
        sum += if kind == COMPRESSED { MAX_BLOCK } else { size };
        at += BLOCK_HEADER + if kind == RUN { 1 } else { size };
        if is_last {
            break;
        }
    }
    sum
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

    /// Found by the differential fuzzing: the library calls the target too small, whatever its size.
    #[test]
    fn damage_is_told_however_much_room_there_is() {
        let damaged = [&[40, 181, 47, 253, 0, 0, 141, 0, 0, 88][..], b"some text, ", &[1, 0, 166, 139, 31]].concat();
        assert_eq!(decompress(&damaged, &mut [0; 2000]).unwrap(), None, "it may be that it does not fit");
        let mut room = vec![0; MAX_BLOCK];
        assert!(matches!(decompress(&damaged, &mut room), Err(Error::CorruptCompressedData(_))));
        // Behind a frame that takes some of the room, too.
        let second = [packed(b"one "), damaged].concat();
        assert_eq!(decompress(&second, &mut room).unwrap(), None);
        assert!(decompress(&second, &mut vec![0; MAX_BLOCK + 4]).is_err());
    }

    #[test]
    fn whole_frames_fit_or_do_not_by_their_content() {
        for length in [0, 1, 100, 70_000, MAX_BLOCK, MAX_BLOCK + 1, 3 * MAX_BLOCK] {
            let noise: Vec<u8> = (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
            for source in [noise, vec![7; length]] {
                let frame = packed(&source);
                assert!(most(&frame) >= length, "{length}: {}", most(&frame));
                for room in [length.saturating_sub(1), length] {
                    let expected = (room == length).then_some(length);
                    assert_eq!(decompress(&frame, &mut vec![0; room]).unwrap(), expected, "{length} in {room}");
                }
            }
        }
    }
}
