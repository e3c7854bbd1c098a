//! What this machine can do at most, without a log around it:
//!
//!     limits copy|populated|write|pread|point|rewrite|fdatasync DIR RECORDS RECORD_BYTES BATCH_RECORDS ROUNDS
//!     limits rename|unlink DIR FILES 0 1 ROUNDS
//!     limits cat FILE
//!
//! * `copy`: copies of 1 MiB into a fresh mapping of a new file whose space is allocated, its pages not yet there
//! * `populated`: the same into pages that were made before the clock ran
//! * `write`: `write(2)` of 1 MiB to a new file
//! * `pread`: `pread(2)` of 1 MiB of a file in the page cache
//! * `point`: 200,000 times `pread(2)` of a batch header of 61 bytes, at random places of the file
//! * `rewrite`: `pread(2)` of 1 MiB, and of one in BATCH_RECORDS a `write(2)` to a second file
//! * `rename`, `unlink`: of so many empty files
//! * `cat`: the whole process is what is timed: `pread(2)` of 1 MiB of FILE to its end
//! * `fdatasync`: for each of RECORDS, BATCH_RECORDS of them are written with one `write(2)`, and then `fdatasync(2)`
//!
//! Bytes are RECORDS * RECORD_BYTES; a record is so many of them, so that speeds compare with those of a log.

use memmap2::MmapMut;
use seglog_bench_peers::{Load, Random, load_from, report};
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

const CHUNK: usize = 1 << 20;

fn new_file(path: &Path) -> Result<File, Box<dyn Error>> {
    if path.exists() {
        std::fs::remove_file(path)?;
    }
    Ok(OpenOptions::new().read(true).write(true).create_new(true).open(path)?)
}

fn copy(path: &Path, bytes: u64, populated: bool) -> Result<f64, Box<dyn Error>> {
    let file = new_file(path)?;
    file.set_len(bytes)?;
    // SAFETY: plain system call on a descriptor that is open.
    let failed = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes as libc::off_t) };
    if failed != 0 {
        return Err(format!("posix_fallocate: error {failed}").into());
    }
    // SAFETY: nobody else knows the file.
    let mut map = unsafe { MmapMut::map_mut(&file)? };
    let chunk = vec![0x5a_u8; CHUNK];
    if populated {
        map.fill(1);
    }
    let started = Instant::now();
    for place in map.chunks_mut(CHUNK) {
        place.copy_from_slice(&chunk[..place.len()]);
    }
    Ok(started.elapsed().as_secs_f64())
}

fn write(path: &Path, bytes: u64) -> Result<f64, Box<dyn Error>> {
    let mut file = new_file(path)?;
    let chunk = vec![0x5a_u8; CHUNK];
    let started = Instant::now();
    let mut left = bytes;
    while left > 0 {
        let length = left.min(CHUNK as u64);
        file.write_all(&chunk[..length as usize])?;
        left -= length;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn pread(file: &File, bytes: u64) -> Result<f64, Box<dyn Error>> {
    let mut chunk = vec![0_u8; CHUNK];
    let started = Instant::now();
    let mut at = 0;
    while at < bytes {
        let length = (bytes - at).min(CHUNK as u64) as usize;
        file.read_exact_at(&mut chunk[..length], at)?;
        black_box(&chunk);
        at += length as u64;
    }
    Ok(started.elapsed().as_secs_f64())
}

/// How many headers are read, and of which size.
const POINTS: u64 = 200_000;
const HEADER: usize = 61;

fn point(file: &File, bytes: u64) -> Result<f64, Box<dyn Error>> {
    let mut random = Random::new(2);
    let mut header = [0_u8; HEADER];
    let started = Instant::now();
    for _ in 0..POINTS {
        file.read_exact_at(&mut header, random.below(bytes - HEADER as u64))?;
        black_box(&header);
    }
    Ok(started.elapsed().as_secs_f64())
}

/// Compaction's bytes without its thoughts: all is read, one part in `parts` is written.
fn rewrite(file: &File, path: &Path, parts: u64, bytes: u64) -> Result<f64, Box<dyn Error>> {
    let mut out = new_file(path)?;
    let mut chunk = vec![0_u8; CHUNK];
    let started = Instant::now();
    let mut at = 0;
    while at < bytes {
        let length = (bytes - at).min(CHUNK as u64) as usize;
        file.read_exact_at(&mut chunk[..length], at)?;
        out.write_all(&chunk[..length / parts as usize])?;
        at += length as u64;
    }
    Ok(started.elapsed().as_secs_f64())
}

/// Makes so many empty files, and renames them, or unlinks them.
fn names(directory: &Path, load: &Load, unlink: bool) -> Result<f64, Box<dyn Error>> {
    let of = |number: u64, suffix: &str| directory.join(format!("{number:020}.log{suffix}"));
    for number in 0..load.records {
        File::create(of(number, ""))?;
    }
    let started = Instant::now();
    for number in 0..load.records {
        if unlink {
            std::fs::remove_file(of(number, ""))?;
        } else {
            std::fs::rename(of(number, ""), of(number, ".deleted"))?;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    if !unlink {
        for number in 0..load.records {
            std::fs::remove_file(of(number, ".deleted"))?;
        }
    }
    Ok(seconds)
}

fn cat(path: &Path) -> Result<(), Box<dyn Error>> {
    let file = File::open(path)?;
    pread(&file, file.metadata()?.len())?;
    Ok(())
}

fn fdatasync(path: &Path, load: &Load) -> Result<f64, Box<dyn Error>> {
    let mut file = new_file(path)?;
    let bytes = vec![0x5a_u8; load.record_bytes * load.batch_records as usize];
    let started = Instant::now();
    for _ in 0..load.records {
        file.write_all(&bytes)?;
        file.sync_data()?;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let work = args.first().cloned().unwrap_or_default();
    if let ("cat", Some(path)) = (work.as_str(), args.get(1)) {
        return cat(Path::new(path));
    }
    let load = load_from(args.get(1..).unwrap_or_default())?;
    std::fs::create_dir_all(&load.directory)?;
    let path = load.directory.join("limits.probe");
    let second = load.directory.join("limits.second");
    let bytes = load.records * load.record_bytes as u64;
    let written = if matches!(work.as_str(), "pread" | "point" | "rewrite") {
        write(&path, bytes)?;
        Some(File::open(&path)?)
    } else {
        None
    };
    for round in 0..load.rounds {
        let (seconds, records, done) = match (work.as_str(), &written) {
            ("copy", _) => (copy(&path, bytes, false)?, load.records, bytes),
            ("populated", _) => (copy(&path, bytes, true)?, load.records, bytes),
            ("write", _) => (write(&path, bytes)?, load.records, bytes),
            ("pread", Some(file)) => (pread(file, bytes)?, load.records, bytes),
            ("point", Some(file)) => (point(file, bytes)?, POINTS, POINTS * HEADER as u64),
            ("rewrite", Some(file)) => (rewrite(file, &second, load.batch_records, bytes)?, load.records, bytes),
            ("rename" | "unlink", _) => (names(&load.directory, &load, work == "unlink")?, load.records, 0),
            ("fdatasync", _) => (fdatasync(&path, &load)?, load.records, bytes * load.batch_records),
            _ => return Err(format!("unknown work: {work}").into()),
        };
        report("limits", &work, round, records, done, seconds);
    }
    for file in [&path, &second] {
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    Ok(())
}
