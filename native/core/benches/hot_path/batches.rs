//! Batches of format 2 to work on: records of 100 B of letters with keys, as `seglog bench compact` makes them.

use seglog_core::batch::{ATTRIBUTES, COUNT, CRC, HEADER, LAST_OFFSET_DELTA, LOG_OVERHEAD, MAGIC, OFFSET, SIZE, seal};
use seglog_core::records::varint::write_long;
use seglog_core::scan::{ROW, scan};

pub const VALUE_BYTES: usize = 100;
/// Records a batch of the larger sets.
pub const BATCH_RECORDS: usize = 1000;

/// Some batches behind each other, and where each is.
pub struct Batches {
    pub bytes: Vec<u8>,
    pub rows: Vec<i32>,
    pub count: usize,
    pub end_offset: i64,
}

fn put(bytes: &mut Vec<u8>, value: i64) {
    let mut varint = [0; 10];
    let end = write_long(&mut varint, 0, value);
    bytes.extend_from_slice(&varint[..end]);
}

/// Letters in no order, the same in each run.
fn letters(state: &mut u32, count: usize) -> Vec<u8> {
    (0..count)
        .map(|_| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'A' + (*state >> 16) as u8 % 26
        })
        .collect()
}

fn record(delta: i64, key: &str, value: &[u8]) -> Vec<u8> {
    let mut body = vec![0];
    put(&mut body, 0);
    put(&mut body, delta);
    for field in [key.as_bytes(), value] {
        put(&mut body, field.len() as i64);
        body.extend_from_slice(field);
    }
    body.push(0);
    let mut record = vec![];
    put(&mut record, body.len() as i64);
    record.extend_from_slice(&body);
    record
}

/// One batch; keys are those of `key_of`.
pub fn batch(base: i64, records: usize, key_of: impl Fn(i64) -> i64) -> Vec<u8> {
    let mut state = 1;
    let mut batch = vec![0; HEADER];
    for delta in 0..records as i64 {
        let value = letters(&mut state, VALUE_BYTES);
        batch.extend_from_slice(&record(delta, &format!("key-{}", key_of(base + delta)), &value));
    }
    let size = (batch.len() - LOG_OVERHEAD) as u32;
    batch[OFFSET..SIZE].copy_from_slice(&base.to_be_bytes());
    batch[SIZE..LOG_OVERHEAD].copy_from_slice(&size.to_be_bytes());
    batch[MAGIC] = 2;
    batch[CRC..ATTRIBUTES].fill(0);
    batch[LAST_OFFSET_DELTA..LAST_OFFSET_DELTA + 4].copy_from_slice(&(records as u32 - 1).to_be_bytes());
    // No producer: its id, epoch and first sequence are -1.
    batch[COUNT - 14..COUNT].fill(0xff);
    batch[COUNT..HEADER].copy_from_slice(&(records as u32).to_be_bytes());
    seal(&mut batch).expect("a batch of format 2 is sealed");
    batch
}

/// `count` batches of [`BATCH_RECORDS`] records each, of which there are `records_per_key` for each key.
pub fn batches(count: usize, records_per_key: usize) -> Batches {
    let keys = (count * BATCH_RECORDS / records_per_key) as i64;
    let mut bytes = vec![];
    for number in 0..count {
        // 7919 and the number of keys have no factor in common: keys come in no order that a map could use.
        bytes.extend(batch((number * BATCH_RECORDS) as i64, BATCH_RECORDS, |offset| offset * 7919 % keys));
    }
    let mut rows = vec![0; count * ROW];
    let found = scan(&bytes, 0, bytes.len(), true, &mut rows);
    assert_eq!(found.count, count, "every batch is found whole");
    Batches { bytes, rows, count, end_offset: (count * BATCH_RECORDS) as i64 }
}
