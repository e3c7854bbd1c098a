//! The two passes, on batches made here.

use super::*;
use crate::batch::{
    ATTRIBUTES, BASE_TIMESTAMP, COUNT, HEADER, LAST_OFFSET_DELTA, MAX_TIMESTAMP, OFFSET, PRODUCER_ID, is_valid, seal,
};
use crate::bytes::i32_at;
use crate::codec::Codec;
use crate::records::varint::write_long;
use crate::scan::scan;
use proptest::prelude::*;

const LIMIT: f64 = 1e6;
const ALL: f64 = 1e15;

/// A record to be: its offset and timestamp deltas, key and value.
type Plan<'a> = (i64, i64, Option<&'a str>, Option<&'a str>);

fn put(bytes: &mut Vec<u8>, value: i64) {
    let mut varint = [0; 10];
    let end = write_long(&mut varint, 0, value);
    bytes.extend_from_slice(&varint[..end]);
}

fn record(&(offset, timestamp, key, value): &Plan<'_>) -> Vec<u8> {
    let mut body = vec![0];
    put(&mut body, timestamp);
    put(&mut body, offset);
    for field in [key, value] {
        put(&mut body, field.map_or(-1, |field| field.len() as i64));
        body.extend_from_slice(field.unwrap_or("").as_bytes());
    }
    body.push(0);
    let mut record = vec![];
    put(&mut record, body.len() as i64);
    record.extend_from_slice(&body);
    record
}

/// A batch whose base timestamp is 1000.
fn batch(base: i64, codec: Codec, flags: u8, plans: &[Plan<'_>]) -> Vec<u8> {
    let plain: Vec<u8> = plans.iter().flat_map(record).collect();
    let mut records = vec![0; codec.bound(plain.len())];
    let length = codec.compress(if codec == Codec::Lz4 { 9 } else { 3 }, &plain, &mut records).unwrap();
    let mut batch = crate::batch::samples::batch(base, 0, 0, &records[..length]);
    let last = plans.last().map_or(0, |plan| plan.0 as i32);
    let largest = plans.iter().map(|plan| plan.1).max().unwrap_or(0) + 1000;
    batch[ATTRIBUTES + 1] = flags | codec as u8;
    batch[LAST_OFFSET_DELTA..BASE_TIMESTAMP].copy_from_slice(&last.to_be_bytes());
    batch[BASE_TIMESTAMP..MAX_TIMESTAMP].copy_from_slice(&1000_i64.to_be_bytes());
    batch[MAX_TIMESTAMP..PRODUCER_ID].copy_from_slice(&largest.to_be_bytes());
    batch[COUNT..HEADER].copy_from_slice(&(plans.len() as u32).to_be_bytes());
    seal(&mut batch).unwrap();
    batch
}

fn map() -> OffsetMap {
    OffsetMap::new(24 * 100, 0.9).unwrap()
}

fn rows_of(bytes: &[u8]) -> Vec<i32> {
    let mut rows = vec![0; 200];
    let found = scan(bytes, 0, bytes.len(), true, &mut rows);
    rows.truncate(found.count * ROW);
    rows
}

fn build_all(map: &mut OffsetMap, bytes: &[u8], rules: &[u8], from: f64) -> MapState {
    let rows = rows_of(bytes);
    let mut state = MapState::from_array(&[0.0, from, LIMIT, 0.0, 0.0, 0.0]).unwrap();
    let batches = Batches::new(bytes, &rows, rules, rows.len() / ROW).unwrap();
    build(map, batches, &mut Payload::default(), &mut state).unwrap();
    state
}

fn clean_all(map: &OffsetMap, bytes: &[u8], rules: &[u8], given: [f64; 3], room: usize) -> (CleanState, Vec<u8>) {
    let rows = rows_of(bytes);
    let mut array = [0.0; CLEAN_STATE];
    array[1..4].copy_from_slice(&given);
    array[4] = LIMIT;
    let mut state = CleanState::from_array(&array).unwrap();
    let batches = Batches::new(bytes, &rows, rules, rows.len() / ROW).unwrap();
    let (mut target, mut target_rows) = (vec![0xee; room], vec![0; rows.len()]);
    let out = Output { target: &mut target, rows: &mut target_rows };
    clean(map, batches, &mut Payload::default(), out, &mut state).unwrap();
    target.truncate(state.written);
    assert_eq!(rows_of(&target), &target_rows[..state.rows * ROW], "what was written is whole, and where it says");
    (state, target)
}

const KEYED: [Plan<'_>; 3] = [(0, 5, Some("a"), Some("1")), (1, 9, Some("b"), Some("2")), (2, 7, Some("a"), Some("3"))];

#[test]
fn the_last_record_of_a_key_stays() {
    for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let bytes = [batch(10, codec, 0, &KEYED), batch(20, codec, 0, &[(4, 0, Some("b"), Some("4"))])].concat();
        let mut map = map();
        let built = build_all(&mut map, &bytes, &[0, 0], 0.0);
        assert_eq!((built.stop, built.batch, built.last_stored, built.records), (Stop::End, 2, 24, 4));
        assert_eq!(map.size(), 2);
        let (state, cleaned) = clean_all(&map, &bytes, &[0, 0], [0.0, 0.0, ALL], 4096);
        assert_eq!((state.stop, state.rows, state.counts.kept, state.counts.superseded), (Stop::End, 2, 2, 2));
        let rows = rows_of(&cleaned);
        let (first, second) = cleaned.split_at(rows[2] as usize);
        assert!(is_valid(first));
        assert_eq!(second, &bytes[bytes.len() - second.len()..], "a batch that keeps all is copied");
        assert_eq!((i64_at(first, OFFSET), i32_at(first, LAST_OFFSET_DELTA), i32_at(first, COUNT)), (10, 2, 1));
        // The base timestamp is that of the record that stays, and its delta 0.
        assert_eq!((i64_at(first, BASE_TIMESTAMP), i64_at(first, MAX_TIMESTAMP)), (1007, 1007));
        let mut records = vec![0; 100];
        let length = codec.decompress(2, &first[HEADER..], &mut records).unwrap().unwrap();
        assert_eq!(&records[..length], record(&(2, 0, Some("a"), Some("3"))));
    }
}

#[test]
fn a_tombstone_gets_a_horizon_first_and_goes_behind_it() {
    let bytes = batch(0, Codec::None, 0, &[(0, 5, Some("a"), None), (1, 6, Some("b"), Some("1"))]);
    let mut map = map();
    build_all(&mut map, &bytes, &[0], 0.0);
    let (state, once) = clean_all(&map, &bytes, &[0], [500.0, 9000.0, ALL], 4096);
    assert_eq!((state.counts.kept, once[ATTRIBUTES + 1], i64_at(&once, BASE_TIMESTAMP)), (2, 0x40, 9000));
    assert_eq!(i64_at(&once, MAX_TIMESTAMP), 1006);
    assert_eq!(
        &once[HEADER..],
        [record(&(0, 1005 - 9000, Some("a"), None)), record(&(1, 1006 - 9000, Some("b"), Some("1")))].concat()
    );
    let (state, again) = clean_all(&map, &once, &[0], [8999.0, 7.0, ALL], 4096);
    assert_eq!((state.counts.kept, &again), (2, &once), "not yet");
    let (state, gone) = clean_all(&map, &once, &[0], [9000.0, 7.0, ALL], 4096);
    assert_eq!((state.counts.kept, state.counts.tombstones), (1, 1));
    assert_eq!((gone[ATTRIBUTES + 1], i64_at(&gone, BASE_TIMESTAMP)), (0x40, 9000), "the horizon stays");
}

#[test]
fn a_batch_that_the_broker_stamped_keeps_its_time() {
    let bytes = batch(0, Codec::None, 8, &KEYED);
    let mut map = map();
    build_all(&mut map, &bytes, &[0], 0.0);
    let (_, cleaned) = clean_all(&map, &bytes, &[0], [0.0, 0.0, ALL], 4096);
    assert_eq!((i64_at(&cleaned, BASE_TIMESTAMP), i64_at(&cleaned, MAX_TIMESTAMP)), (1009, 1009));
    assert_eq!(
        &cleaned[HEADER..],
        [record(&(1, 0, Some("b"), Some("2"))), record(&(2, 0, Some("a"), Some("3")))].concat()
    );
}

#[test]
fn the_rules() {
    let bytes = batch(5, Codec::None, 0x30, &[(0, 0, None, Some("x")), (1, 0, Some("a"), None)]);
    let run = |rule: u8, latest: f64| {
        let mut map = map();
        build_all(&mut map, &bytes, &[rule & rules::DROP_ALL], 0.0);
        clean_all(&map, &bytes, &[rule], [0.0, 70.0, latest], 4096)
    };
    let counts = |rule, latest| run(rule, latest).0.counts;
    let none = Counts { records: 2, ..Counts::default() };
    assert_eq!(counts(0, ALL), Counts { kept: 1, keyless: 1, ..none });
    assert_eq!(counts(rules::DROP_TOMBSTONES, ALL), Counts { tombstones: 1, keyless: 1, ..none });
    assert_eq!(counts(rules::KEEP_ALL, ALL), Counts { kept: 2, ..none });
    assert_eq!(counts(0, 4.0), Counts { kept: 2, ..none }, "above what the map was built from");
    assert_eq!(counts(rules::DROP_ALL, ALL), Counts { discarded: 2, ..none });
    assert!(run(rules::DROP_ALL, ALL).1.is_empty());
    let (_, header) = run(rules::DROP_ALL | rules::RETAIN_EMPTY, ALL);
    assert_eq!((header.len(), header[ATTRIBUTES + 1], i32_at(&header, COUNT)), (HEADER, 0x30, 0));
    assert_eq!((i64_at(&header, BASE_TIMESTAMP), i32_at(&header, LAST_OFFSET_DELTA)), (-1, 1));
    let marker = batch(5, Codec::None, 0x30, &[(0, 0, Some("a"), Some("x"))]);
    let (_, marked) = clean_all(&map(), &marker, &[rules::KEEP_ALL | rules::SET_HORIZON], [0.0, 70.0, ALL], 4096);
    assert_eq!((marked[ATTRIBUTES + 1], i64_at(&marked, BASE_TIMESTAMP)), (0x70, 70));
}

#[test]
fn a_full_map_and_a_full_target_say_where_to_go_on() {
    let bytes = [batch(0, Codec::None, 0, &KEYED), batch(3, Codec::None, 0, &KEYED)].concat();
    let mut small = OffsetMap::new(48, 1.0).unwrap();
    let built = build_all(&mut small, &bytes, &[0, 0], 1.0);
    assert_eq!((built.stop, built.batch, built.last_stored, built.records), (Stop::Full, 1, 2, 3));
    let size = bytes.len() / 2;
    let (state, cleaned) = clean_all(&map(), &bytes, &[0, 0], [0.0, 0.0, ALL], size + 10);
    assert_eq!((state.stop, state.batch, state.written, state.need), (Stop::Full, 1, size, size));
    assert_eq!(cleaned, &bytes[..size]);
}

#[test]
fn what_is_damaged() {
    let good = batch(0, Codec::Lz4, 0, &KEYED);
    let changed = |at: usize, value: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        seal(&mut bytes).unwrap();
        bytes
    };
    let falling = [KEYED[1], KEYED[0]];
    for (what, bytes) in [
        ("a codec that nobody knows", changed(ATTRIBUTES + 1, &[5])),
        ("another codec", changed(ATTRIBUTES + 1, &[2])),
        ("a count too large", changed(COUNT, &4_u32.to_be_bytes())),
        ("a count too small", changed(COUNT, &2_u32.to_be_bytes())),
        ("a negative count", changed(COUNT, &[0xff; 4])),
        ("an offset above the last", changed(LAST_OFFSET_DELTA, &1_u32.to_be_bytes())),
        ("falling offsets", batch(0, Codec::None, 0, &falling)),
        ("a negative offset", batch(-1, Codec::None, 0, &KEYED)),
        ("an offset that is not exact", batch((1 << 53) - 2, Codec::None, 0, &KEYED)),
        ("a message of format 1", crate::batch::samples::message(1, 0, 0, b"v")),
    ] {
        assert_eq!(build_all(&mut map(), &bytes, &[0], 0.0).stop, Stop::Damaged, "{what}");
        assert_eq!(clean_all(&map(), &bytes, &[0], [0.0, 0.0, ALL], 4096).0.stop, Stop::Damaged, "{what}");
    }
    assert_eq!(build_all(&mut map(), &changed(COUNT, &[0xff; 4]), &[rules::DROP_ALL], 0.0).stop, Stop::End);
}

#[test]
fn a_small_stream_that_becomes_large_is_refused() {
    let value = "x".repeat(2_000_000);
    let bytes = batch(0, Codec::Zstd, 0, &[(0, 0, Some("a"), Some(&value))]);
    assert!(bytes.len() < 1000);
    assert_eq!(build_all(&mut map(), &bytes, &[0], 0.0).stop, Stop::Damaged);
}

#[test]
fn memory_that_there_is_not_is_an_error_and_not_the_end_of_the_process() {
    let mut memory = vec![1, 2, 3];
    assert_eq!(super::payload::make_room(&mut memory, usize::MAX), Err(super::Unreadable::NoMemory));
    assert_eq!(memory, [1, 2, 3]);
    assert_eq!(super::payload::make_room(&mut memory, 5), Ok(()));
    assert_eq!(memory, [1, 2, 3, 0, 0]);
    assert!(matches!(super::stopped(super::Unreadable::NoMemory), Err(crate::Error::Io { .. })));
    assert_eq!(super::stopped(super::Unreadable::Damaged).ok(), Some(Stop::Damaged));
}

#[test]
fn rows_outside_of_the_bytes_are_refused() {
    let bytes = batch(0, Codec::None, 0, &KEYED);
    for row in [[0, bytes.len() as i32 + 1], [-1, 70], [5, -1], [i32::MAX, i32::MAX]] {
        let mut state = MapState::from_array(&[0.0, 0.0, LIMIT, 0.0, 0.0, 0.0]).unwrap();
        let batches = Batches::new(&bytes, &row, &[0], 1).unwrap();
        assert!(build(&mut map(), batches, &mut Payload::default(), &mut state).is_err(), "{row:?}");
    }
    assert!(Batches::new(&bytes, &[0, 1], &[0], 2).is_err());
    for wrong in [-1.0, 0.5, f64::NAN, 1e18] {
        assert!(MapState::from_array(&[wrong, 0.0, 0.0, 0.0, 0.0, 0.0]).is_err());
    }
}

proptest! {
    #[test]
    fn mutated_batches_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        codec in 0..5_u32,
        rule in 0..32_u8,
        room in 0..300_usize,
    ) {
        let mut bytes = batch(3, Codec::from_id(codec).unwrap(), 0, &KEYED);
        for (at, value) in damage {
            let at = HEADER - 5 + at.index(bytes.len() - HEADER + 5);
            bytes[at] = value;
        }
        seal(&mut bytes).unwrap();
        let mut map = map();
        build_all(&mut map, &bytes, &[rule], 0.0);
        let (state, cleaned) = clean_all(&map, &bytes, &[rule], [0.0, 5.0, ALL], room);
        prop_assert!(cleaned.len() <= room);
        prop_assert!(state.stop != Stop::Full || state.need > room);
    }
}
