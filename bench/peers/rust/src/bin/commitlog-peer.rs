//! The crate commitlog on the works that `seglog bench` does:
//!
//!     commitlog-peer append|read|seek|append-one DIR RECORDS RECORD_BYTES BATCH_RECORDS ROUNDS
//!
//! As its README and its example `bulk` do: a `MessageBuf` of many messages for each append, reads up to a limit of bytes. It
//! has a checksum (CRC-32C) and an index entry for each message; `read` checks both. It compresses nothing and syncs on
//! `flush` alone.

use commitlog::message::{MessageBuf, MessageSet};
use commitlog::{CommitLog, LogOptions, ReadLimit};
use seglog_bench_peers::{Load, Random, load_from, random_values, report};
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

const READ_BYTES: usize = 1 << 20;
const SEEKS: u64 = 200_000;
const MESSAGE_OVERHEAD: usize = 20;

fn open_empty(load: &Load) -> Result<CommitLog, Box<dyn Error>> {
    if load.directory.exists() {
        std::fs::remove_dir_all(&load.directory)?;
    }
    let mut options = LogOptions::new(&load.directory);
    let batch_bytes = load.batch_records as usize * (load.record_bytes + MESSAGE_OVERHEAD);
    options.message_max_bytes(batch_bytes.max(1 << 20));
    Ok(CommitLog::new(options)?)
}

fn append(load: &Load, batch_records: u64, values: &[Vec<u8>]) -> Result<CommitLog, Box<dyn Error>> {
    let mut log = open_empty(load)?;
    let mut batch = MessageBuf::default();
    let mut next = 0;
    while next < load.records {
        let end = (next + batch_records).min(load.records);
        batch.clear();
        for record in next..end {
            batch.push(&values[(record & 1023) as usize]).map_err(|error| format!("{error:?}"))?;
        }
        log.append(&mut batch)?;
        next = end;
    }
    Ok(log)
}

fn read(log: &CommitLog, load: &Load) -> Result<u64, Box<dyn Error>> {
    let mut offset = 0;
    let mut bytes = 0;
    while offset < load.records {
        let found = log.read(offset, ReadLimit::max_bytes(READ_BYTES))?;
        for message in found.iter() {
            bytes += message.payload().len() as u64;
            offset = message.offset() + 1;
        }
    }
    Ok(bytes)
}

fn seek(log: &CommitLog, load: &Load, seeks: u64) -> Result<u64, Box<dyn Error>> {
    let mut random = Random::new(2);
    let mut bytes = 0;
    for _ in 0..seeks {
        let offset = random.below(load.records);
        // Room for one message, and not for two.
        let found = log.read(offset, ReadLimit::max_bytes(2 * (load.record_bytes + MESSAGE_OVERHEAD) - 1))?;
        let message = found.iter().next().ok_or("nothing found")?;
        if message.offset() != offset {
            return Err(format!("found {} for {offset}", message.offset()).into());
        }
        bytes += black_box(message.payload()).len() as u64;
    }
    Ok(bytes)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let work = args.first().cloned().unwrap_or_default();
    let load = load_from(args.get(1..).unwrap_or_default())?;
    let values = random_values(load.record_bytes);
    let say = |round, records, bytes, started: Instant| {
        report("commitlog", &work, round, records, bytes, started.elapsed().as_secs_f64());
    };
    let appended = load.records * load.record_bytes as u64;
    match work.as_str() {
        "append" | "append-one" => {
            let batch_records = if work == "append" { load.batch_records } else { 1 };
            for round in 0..load.rounds {
                let started = Instant::now();
                let log = append(&load, batch_records, &values)?;
                say(round, load.records, appended, started);
                drop(log);
            }
        }
        "read" | "seek" => {
            let log = append(&load, load.batch_records, &values)?;
            for round in 0..load.rounds {
                let started = Instant::now();
                let (records, bytes) = match work.as_str() {
                    "read" => (load.records, read(&log, &load)?),
                    _ => (SEEKS.min(load.records), seek(&log, &load, SEEKS.min(load.records))?),
                };
                say(round, records, bytes, started);
            }
        }
        _ => return Err(format!("unknown work: {work}").into()),
    }
    Ok(())
}
