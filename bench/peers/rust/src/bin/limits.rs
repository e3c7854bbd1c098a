//! What this machine can do at most, without a log around it:
//!
//!     limits copy|write|pread|fdatasync DIR RECORDS RECORD_BYTES BATCH_RECORDS ROUNDS
//!
//! * `copy`: copies of 1 MiB into a fresh mapping of a new file whose space is allocated, its pages not yet there
//! * `write`: `write(2)` of 1 MiB to a new file
//! * `pread`: `pread(2)` of 1 MiB of a file in the page cache
//! * `fdatasync`: for each of RECORDS, BATCH_RECORDS of them are written with one `write(2)`, and then `fdatasync(2)`
//!
//! Bytes are RECORDS * RECORD_BYTES; a record is so many of them, so that speeds compare with those of a log.

use memmap2::MmapMut;
use seglog_bench_peers::{Load, load_from, report};
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

fn copy(path: &Path, bytes: u64) -> Result<f64, Box<dyn Error>> {
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
    let load = load_from(args.get(1..).unwrap_or_default())?;
    std::fs::create_dir_all(&load.directory)?;
    let path = load.directory.join("limits.probe");
    let bytes = load.records * load.record_bytes as u64;
    let written = if work == "pread" {
        write(&path, bytes)?;
        Some(File::open(&path)?)
    } else {
        None
    };
    for round in 0..load.rounds {
        let (seconds, done) = match (work.as_str(), &written) {
            ("copy", _) => (copy(&path, bytes)?, bytes),
            ("write", _) => (write(&path, bytes)?, bytes),
            ("pread", Some(file)) => (pread(file, bytes)?, bytes),
            ("fdatasync", _) => (fdatasync(&path, &load)?, bytes * load.batch_records),
            _ => return Err(format!("unknown work: {work}").into()),
        };
        report("limits", &work, round, load.records, done, seconds);
    }
    std::fs::remove_file(&path)?;
    Ok(())
}
