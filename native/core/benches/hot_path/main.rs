//! The hot path without Node: `cargo bench -p seglog-core`. `npm run bench:micro` measures the same functions through N-API.

#![expect(clippy::expect_used, reason = "a bench ends by panicking")]

mod batches;

use batches::{BATCH_RECORDS, Batches, batch, batches};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use seglog_core::append::{AppendFile, Options};
use seglog_core::batch::{HEADER, seal};
use seglog_core::cleaning::{self, CleanState, MapState, OffsetMap, Payload};
use seglog_core::codec::Codec;
use seglog_core::crc::crc32c;
use seglog_core::find::{Place, find};
use seglog_core::index::build;
use seglog_core::records::{Fault, check, decode, lines, text};
use seglog_core::recovery;
use seglog_core::scan::scan;
use std::hint::black_box;
use std::io;

const CHUNK_BATCHES: usize = 8;
const FILE_BATCHES: usize = 128;
const CLEAN_BATCHES: usize = 64;
const MAP_BYTES: usize = 8 << 20;
const ROOM_BYTES: usize = 256 << 10;

/// As pread: what is there from a position on.
fn reader(bytes: &[u8]) -> impl Fn(&mut [u8], u64) -> io::Result<usize> + Copy + Send {
    move |target: &mut [u8], position: u64| {
        let from = (position as usize).min(bytes.len());
        let length = target.len().min(bytes.len() - from);
        target[..length].copy_from_slice(&bytes[from..from + length]);
        Ok(length)
    }
}

fn checksums(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("checksums");
    for records in [1, 150, 9000] {
        let mut batch = batch(0, records, |offset| offset);
        group.throughput(Throughput::Bytes(batch.len() as u64));
        group.bench_function(BenchmarkId::new("crc32c", batch.len()), |bencher| bencher.iter(|| crc32c(&batch)));
        group.bench_function(BenchmarkId::new("seal", batch.len()), |bencher| {
            bencher.iter(|| seal(black_box(&mut batch)));
        });
    }
    group.finish();
}

fn scanning(criterion: &mut Criterion) {
    let Batches { bytes, mut rows, .. } = batches(CHUNK_BATCHES, 1);
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    for verify in [false, true] {
        group.bench_function(BenchmarkId::new("verify", verify), |bencher| {
            bencher.iter(|| scan(&bytes, 0, bytes.len(), verify, &mut rows));
        });
    }
    group.finish();
}

fn records(criterion: &mut Criterion) {
    let batch = batch(0, BATCH_RECORDS, |offset| offset);
    let count = BATCH_RECORDS as i32;
    let mut group = criterion.benchmark_group("records");
    group.throughput(Throughput::Elements(BATCH_RECORDS as u64));
    let mut rows = vec![0; BATCH_RECORDS * decode::ROW];
    group.bench_function("decode", |bencher| {
        bencher.iter(|| decode::decode(&batch, HEADER, batch.len(), count, &mut rows));
    });
    group.bench_function("check", |bencher| bencher.iter(|| check::check(&batch, HEADER, count)));
    let mut target = vec![0; ROOM_BYTES];
    let of = lines::Batch { count, base_offset: 0, timestamp: 0, is_append_time: false };
    for (name, encoding) in [("lines, base64", text::Encoding::Base64), ("lines, utf8", text::Encoding::Utf8)] {
        let style = lines::Style { encoding, redacts_keys: false, redacts_values: false, redacts_headers: false };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut progress = lines::Progress { position: HEADER, record: 0, written: 0, fault: Fault::None };
                lines::write(&batch, &of, &style, &mut progress, &mut target);
                assert!(progress.written > 0);
            });
        });
    }
    group.finish();
}

fn codecs(criterion: &mut Criterion) {
    let batch = batch(0, BATCH_RECORDS, |offset| offset);
    let plain = &batch[HEADER..];
    let mut group = criterion.benchmark_group("codecs");
    group.throughput(Throughput::Bytes(plain.len() as u64));
    for (codec, level) in [(Codec::Gzip, -1), (Codec::Snappy, 0), (Codec::Lz4, 9), (Codec::Zstd, 3)] {
        let mut packed = vec![0; codec.bound(plain.len())];
        group.bench_function(BenchmarkId::new("compress", format!("{codec:?}")), |bencher| {
            bencher.iter(|| codec.compress(level, plain, &mut packed));
        });
        let length = codec.compress(level, plain, &mut packed).expect("there is room for the bound");
        let mut target = vec![0; plain.len()];
        group.bench_function(BenchmarkId::new("decompress", format!("{codec:?}")), |bencher| {
            bencher.iter(|| codec.decompress(2, &packed[..length], &mut target));
        });
    }
    group.finish();
}

fn recovery_state(end: u64) -> recovery::State {
    let mut state = [0.0; recovery::STATE];
    let mut state = {
        // Index interval, budget, and the fields that start at -1.
        state[1] = 4096.0;
        state[12] = end as f64;
        recovery::State::from_array(&state)
    };
    state.build.max_timestamp = -1.0;
    state.build.last_time_indexed = -1.0;
    state.leader_epoch = -1.0;
    state.fall_position = -1.0;
    state
}

fn files(criterion: &mut Criterion) {
    let Batches { bytes, rows, end_offset, .. } = batches(FILE_BATCHES, 1);
    let read = reader(&bytes);
    let end = bytes.len() as u64;
    let (mut offsets, mut times) = (vec![0; 8 * FILE_BATCHES], vec![0; 12 * FILE_BATCHES]);
    let mut group = criterion.benchmark_group("segment");
    let mut scratch = vec![0; 2 << 20];
    let mut out_rows = vec![0.0; recovery::ROW * FILE_BATCHES];
    group.throughput(Throughput::Bytes(end));
    group.bench_function("recover", |bencher| {
        bencher.iter(|| {
            let mut state = recovery_state(end);
            let entries = build::Entries { offset: &mut offsets, time: &mut times };
            let mut out = recovery::Output { rows: &mut out_rows, entries };
            recovery::recover(read, end, &mut scratch, &mut state, &mut out).expect("the batches are recovered");
            assert_eq!(state.batches, FILE_BATCHES as f64);
        });
    });
    let mut first = [0.0; build::STATE];
    first[1] = 4096.0;
    group.bench_function("build the index", |bencher| {
        bencher.iter(|| {
            let mut state = build::State::from_array(&first);
            let mut entries = build::Entries { offset: &mut offsets, time: &mut times };
            build::build(&bytes, &rows, &mut state, &mut entries).expect("there is room for the entries");
            state.offset_count
        });
    });
    let mut state = build::State::from_array(&first);
    let mut entries = build::Entries { offset: &mut offsets, time: &mut times };
    build::build(&bytes, &rows, &mut state, &mut entries).expect("there is room for the entries");
    let place = Place { entries: &offsets, count: state.offset_count as usize, base_offset: 0, end };
    let mut target = 0;
    group.throughput(Throughput::Elements(1));
    group.bench_function("find", |bencher| {
        bencher.iter(|| {
            target = (target + 7919) % end_offset;
            find(read, &place, target, &mut scratch[..8192])
        });
    });
    group.finish();
}

fn appending(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("there is a temporary directory");
    let batch = batch(0, BATCH_RECORDS, |offset| offset);
    let max_size = 256 << 20;
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Bytes(batch.len() as u64));
    for portable in [false, true] {
        let options = Options { size: 0, max_size, preallocate: false, portable };
        let path = directory.path().join(format!("{portable}.log"));
        let mut file = AppendFile::open(&path, options).expect("the file is made");
        group.bench_function(if portable { "plain writes" } else { "the best way" }, |bencher| {
            bencher.iter(|| {
                if file.size() + batch.len() as u64 > max_size {
                    file.truncate(0).expect("the file is emptied");
                }
                file.append(&batch).expect("the batch is appended");
            });
        });
        file.close().expect("the file is closed");
    }
    group.finish();
}

fn cleaning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cleaning");
    for records_per_key in [1, 5] {
        let Batches { bytes, rows, count, end_offset } = batches(CLEAN_BATCHES, records_per_key);
        let rules = vec![0; count];
        let of = || cleaning::Batches::new(&bytes, &rows, &rules, count).expect("there is a row and a rule for each");
        let fill = |map: &mut OffsetMap, memory: &mut Payload| {
            let mut state = MapState::from_array(&[0.0, 0.0, 1e9, 0.0, 0.0, 0.0]).expect("0 is a row");
            cleaning::build(map, of(), memory, &mut state).expect("rows are of batches");
            assert_eq!(state.batch, count);
        };
        let mut memory = Payload::default();
        let mut map = OffsetMap::new(MAP_BYTES, 0.9).expect("there is memory for the map");
        group.throughput(Throughput::Elements(end_offset as u64));
        group.bench_function(BenchmarkId::new("fill the map, records a key", records_per_key), |bencher| {
            bencher.iter_batched(
                || (),
                |()| {
                    map.clear();
                    fill(&mut map, &mut memory);
                },
                BatchSize::PerIteration,
            );
        });
        map.clear();
        fill(&mut map, &mut memory);
        let mut target = vec![0; bytes.len() + HEADER];
        let mut target_rows = vec![0; rows.len()];
        let mut given = [0.0; 15];
        given[3] = (end_offset - 1) as f64;
        given[4] = 1e9;
        group.bench_function(BenchmarkId::new("clean, records a key", records_per_key), |bencher| {
            bencher.iter(|| {
                let mut state = CleanState::from_array(&given).expect("0 is a row");
                let out = cleaning::Output { target: &mut target, rows: &mut target_rows };
                cleaning::clean(&map, of(), &mut memory, out, &mut state).expect("rows are of batches");
                assert_eq!(state.batch, count);
            });
        });
    }
    group.finish();
}

criterion_group!(hot_path, checksums, scanning, records, codecs, files, appending, cleaning);
criterion_main!(hot_path);
