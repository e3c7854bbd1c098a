//! Records of format 2: columns, what they are judged by, and lines.

use crate::memory::{USUAL, within};
use crate::segment::{number_at, with_choice};
use seglog_core::records::lines::{Batch, Progress, Style, write};
use seglog_core::records::text::Encoding;
use seglog_core::records::{Fault, ROW, check::check, decode};

/// Decoding and checking tell the same.
pub fn records(data: &[u8]) {
    let (choice, bytes) = with_choice(data);
    let count = match choice {
        255 => i32::MAX,
        254 => -1,
        _ => i32::from(choice),
    };
    let room = count.clamp(0, 256) as usize;
    let mut rows = vec![-7; room * ROW];
    let decoded = within(USUAL, || decode(bytes, 0, bytes.len(), count, &mut rows));
    let found = within(USUAL, || check(bytes, 0, count));
    let Ok(outcome) = decoded else {
        assert!(count as usize > room);
        return;
    };
    assert_eq!((found.fault, found.record, found.position), (outcome.fault, outcome.record, outcome.position));
    assert!(outcome.position <= bytes.len());
    if outcome.fault == Fault::None {
        assert_eq!((outcome.record, outcome.position), (count, if count == 0 { 0 } else { bytes.len() }));
    }
    let (mut last, mut falling, mut latest) = (-1, None, i64::MIN);
    for row in rows[..outcome.record.max(0) as usize * ROW].chunks_exact(ROW) {
        for (start, length) in [(row[3], row[4]), (row[5], row[6])] {
            assert!(length >= -1 && start >= 0 && start as usize + length.max(0) as usize <= bytes.len());
        }
        assert!(row[7] > 0 && (row[7] as usize) < bytes.len());
        if row[0] <= last {
            falling = falling.or(Some(row[0]));
        }
        last = row[0];
        latest = latest.max(i64::from(row[2]) << 32 | i64::from(row[1].cast_unsigned()));
    }
    assert_eq!((found.last_offset_delta, found.not_rising, found.max_timestamp_delta), (last, falling, latest));
}

/// Lines are JSON, and the same in however many calls.
pub fn lines(data: &[u8]) {
    let (choice, rest) = with_choice(data);
    let (count, rest) = with_choice(rest);
    let style = Style {
        encoding: Encoding::from_id(i32::from(choice & 3)).unwrap(),
        redacts_keys: choice & 4 != 0,
        redacts_values: choice & 8 != 0,
        redacts_headers: choice & 16 != 0,
    };
    let wide = i64::from(number_at(rest, 0)) << if choice & 64 == 0 { 0 } else { 32 };
    let batch = Batch { count: i32::from(count), base_offset: wide, timestamp: wide, is_append_time: choice & 32 != 0 };
    let start = Progress { position: 0, record: 0, written: 0, fault: Fault::None };

    let most = (rest.len() * 12 + 400) * (usize::from(count) + 1);
    let mut target = vec![0xaa; most];
    let mut whole = start;
    within(USUAL, || write(rest, &batch, &style, &mut whole, &mut target));
    assert!(target[whole.written..].iter().take(64).count() <= most);
    let text = &target[..whole.written];
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let value: serde_json::Value = serde_json::from_slice(line).unwrap();
        assert!(line.ends_with(b"\n") && value["type"] == "record");
    }
    assert_eq!(text.iter().filter(|&&byte| byte == b'\n').count(), whole.record as usize);

    let (mut pieces, mut step, mut room) = (Vec::new(), start, vec![0; 200]);
    loop {
        write(rest, &batch, &style, &mut step, &mut room);
        pieces.extend_from_slice(&room[..step.written]);
        if step.fault != Fault::None || step.record >= batch.count {
            break;
        }
        if step.written == 0 {
            assert!(room.len() <= most, "a line needs more room than any can");
            room = vec![0; room.len() * 2];
        }
    }
    assert!(pieces == text && (step.fault, step.record, step.position) == (whole.fault, whole.record, whole.position));
    let outcome = check(rest, 0, batch.count);
    assert_eq!((outcome.fault, outcome.record), (whole.fault, whole.record));
}
