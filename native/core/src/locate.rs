//! Finding a batch by its last offset, from header to header.

use crate::{Error, Result, batch};
use std::io;

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Located {
    /// The batches end before the target.
    Beyond {
        /// Where the end, or a batch that is not whole, starts.
        position: u64,
    },
    /// The batch, whose header stands at `header` in the scratch bytes.
    Found {
        /// Where the batch starts in the file.
        position: u64,
        /// Its size.
        size: u64,
        /// Where its header stands in the scratch bytes.
        header: usize,
    },
    /// The batch there is smaller than any can be, or than one of its format.
    Invalid {
        /// Where it starts in the file.
        position: u64,
        /// Where its header stands in the scratch bytes.
        header: usize,
    },
}

/// The least scratch: two headers.
pub const MIN_SCRATCH: usize = 128;
const _: () = assert!(MIN_SCRATCH >= 2 * batch::HEADER);

/// Finds the first batch in file positions `[position, end)` whose last offset is at least `target`. `read` fills bytes
/// from a file position and tells how many were there.
///
/// A batch that is too small for its format has no last offset to read, and ends the search. A read that comes to the end
/// of the file moves `end` there. A header that `scratch` does not hold in full is read again from its own start, with as
/// much of what follows as fits.
///
/// # Errors
/// `InvalidArgument` for too little scratch, and `Io`.
pub fn locate(
    read: impl Fn(&mut [u8], u64) -> io::Result<usize>,
    position: u64,
    end: u64,
    target: i64,
    scratch: &mut [u8],
) -> Result<Located> {
    if scratch.len() < MIN_SCRATCH {
        return Err(Error::argument(format!("at least {MIN_SCRATCH} bytes of scratch are needed")));
    }
    let (mut at, mut end) = (position, end);
    // The part of the file that `scratch` holds.
    let (mut held_from, mut held_to) = (position, position);
    while at < end && end - at >= batch::PREFIX as u64 {
        // `at` is never above `end`, so the next batch is held whole or up to where the data end.
        if at + batch::HEADER as u64 > held_to && held_to != end {
            let room = (end - at).min(scratch.len() as u64) as usize;
            let filled = read(&mut scratch[..room], at).map_err(Error::io("read"))?;
            (held_from, held_to) = (at, at + filled as u64);
            if filled < room {
                end = held_to; // the file is shorter than was said
            }
            if filled < batch::PREFIX {
                break;
            }
        }
        let header = (at - held_from) as usize;
        let bytes = &scratch[header..(held_to - held_from) as usize];
        let size = match batch::total_size(bytes) {
            Some(size) if !batch::is_too_small(batch::magic(bytes), size as usize) => size,
            _ => return Ok(Located::Invalid { position: at, header }),
        };
        if size > end - at {
            break;
        }
        if batch::last_offset(bytes) >= target {
            return Ok(Located::Found { position: at, size, header });
        }
        at += size;
    }
    Ok(Located::Beyond { position: at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::samples::{batch, message};
    use std::cell::Cell;

    fn run(file: &[u8], position: u64, end: u64, target: i64, scratch: &mut [u8]) -> Located {
        let read = |bytes: &mut [u8], at: u64| {
            let from = (at as usize).min(file.len());
            let count = bytes.len().min(file.len() - from);
            bytes[..count].copy_from_slice(&file[from..from + count]);
            Ok(count)
        };
        locate(read, position, end, target, scratch).unwrap()
    }

    #[test]
    fn every_target_from_every_boundary_with_any_scratch() {
        let batches: Vec<Vec<u8>> = (0..30)
            .map(|i| match i % 4 {
                0 => message(0, i * 10 + 9, 0, &vec![7; (i * 3) as usize]),
                1 => message(1, i * 10 + 9, 5, b"x"),
                _ => batch(i * 10, 9, 5, &vec![1; (i * i) as usize]),
            })
            .collect();
        let file = batches.concat();
        let starts: Vec<usize> = batches
            .iter()
            .scan(0, |at, batch| {
                let start = *at;
                *at += batch.len();
                Some(start)
            })
            .collect();
        for room in [128, 129, 200, 4096] {
            let mut scratch = vec![0; room];
            for target in 0..305 {
                for from in [0, 3, 11, 29] {
                    let expected = (from..30).find(|i| (i * 10 + 9) as i64 >= target);
                    let found = run(&file, starts[from] as u64, file.len() as u64, target, &mut scratch);
                    match (expected, found) {
                        (None, Located::Beyond { position }) => {
                            assert_eq!(position, file.len() as u64)
                        }
                        (Some(index), Located::Found { position, size, header }) => {
                            assert_eq!((position, size), (starts[index] as u64, batches[index].len() as u64));
                            let held = batches[index].len().min(batch::HEADER);
                            assert_eq!(&scratch[header..header + held], &batches[index][..held]);
                        }
                        other => panic!("{other:?} for {target} from {from}"),
                    }
                }
            }
        }
    }

    #[test]
    fn damage_and_short_files() {
        let good = [batch(0, 0, 0, b"abc"), batch(1, 0, 0, b"def")].concat();
        let mut scratch = [0; 128];
        for size in [0, 13, -1] {
            let mut bad = good.clone();
            bad[64 + 8..64 + 12].copy_from_slice(&i32::to_be_bytes(size));
            let found = run(&bad, 0, 128, 1, &mut scratch);
            assert_eq!(found, Located::Invalid { position: 64, header: 64 }, "size {size}");
        }
        for end in 64..128 {
            let beyond = Located::Beyond { position: 64 };
            assert_eq!(run(&good, 0, end, 1, &mut scratch), beyond, "end {end}");
            let cut = run(&good[..end as usize], 0, 128, 1, &mut scratch);
            assert_eq!(cut, beyond, "cut to {end}");
        }
        assert!(locate(|_, _| Ok(0), 0, 1, 0, &mut [0; 127]).is_err());
        assert!(locate(|_, _| Err(io::ErrorKind::Other.into()), 0, 99, 0, &mut scratch).is_err());
        assert_eq!(run(&good, 9, 3, 0, &mut scratch), Located::Beyond { position: 9 });
    }

    /// A batch of nothing but zeros, its size and its format.
    fn blank(magic: i8, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        let field = i32::try_from(size - batch::LOG_OVERHEAD).unwrap();
        bytes[batch::SIZE..batch::LOG_OVERHEAD].copy_from_slice(&field.to_be_bytes());
        bytes[batch::MAGIC] = magic.cast_unsigned();
        bytes
    }

    #[test]
    fn a_batch_too_small_for_its_format_ends_the_search_whatever_follows() {
        for (magic, least) in [(-1, 26), (0, 26), (1, 34), (2, 61), (3, 61)] {
            for size in 26..70 {
                for behind in [vec![], batch(9, 0, 0, b"abc")] {
                    let file = [message(0, -1, 0, b""), blank(magic, size), behind].concat();
                    let found = run(&file, 0, file.len() as u64, 0, &mut [0; 128]);
                    let expected = if size < least {
                        Located::Invalid { position: 26, header: 26 }
                    } else {
                        Located::Found { position: 26, size: size as u64, header: 26 }
                    };
                    assert_eq!(found, expected, "{size} bytes of format {magic}");
                }
            }
        }
    }

    #[test]
    fn a_file_shorter_than_was_said_ends_where_it_ends() {
        for (magic, size) in [(0, 26), (1, 40), (2, 61)] {
            let file = blank(magic, size);
            let end = size as u64 + 30;
            let found = Located::Found { position: 0, size: size as u64, header: 0 };
            assert_eq!(run(&file, 0, end, 0, &mut [0; 128]), found, "format {magic}");
            let beyond = Located::Beyond { position: size as u64 };
            assert_eq!(run(&file, 0, end, 1, &mut [0; 128]), beyond, "format {magic}");
            for cut in 0..size {
                let beyond = Located::Beyond { position: 0 };
                assert_eq!(run(&file[..cut], 0, end, 0, &mut [0; 128]), beyond, "format {magic} cut to {cut}");
            }
        }
    }

    #[test]
    fn small_batches_are_found_with_one_read() {
        let file: Vec<u8> = (0..50).flat_map(|i| batch(i, 0, 0, b"")).collect();
        let reads = Cell::new(0);
        let read = |bytes: &mut [u8], at: u64| {
            reads.set(reads.get() + 1);
            let from = at as usize;
            let count = bytes.len().min(file.len() - from);
            bytes[..count].copy_from_slice(&file[from..from + count]);
            Ok(count)
        };
        let found = locate(read, 0, file.len() as u64, 49, &mut [0; 4096]).unwrap();
        assert_eq!(found, Located::Found { position: 49 * 61, size: 61, header: 49 * 61 });
        assert_eq!(reads.get(), 1);
    }
}
