//! Indexes: searching bytes that may not be one, building one, and finding a batch with its help.

use crate::memory::{USUAL, within};
use crate::segment::{number_at, reader, rows_of, with_choice};
use seglog_core::batch;
use seglog_core::bytes::{i32_at, i64_at};
use seglog_core::find::{Place, find as find_batch};
use seglog_core::index::build::{Entries, STATE, State, build as build_index};
use seglog_core::index::search::search as search_index;
use seglog_core::index::{OFFSET_ENTRY, TIME_ENTRY};
use seglog_core::locate::{Located, locate};

/// Any slot is within the entries; among rising ones it is the last at or below the target.
pub fn search(data: &[u8]) {
    let (choice, rest) = with_choice(data);
    let target = f64::from(number_at(rest, 0));
    let entries = rest.get(4..).unwrap_or(&[]);
    let size = if choice & 1 == 0 { OFFSET_ENTRY } else { TIME_ENTRY };
    let count = entries.len() / size;
    let slot = within(USUAL, || search_index(entries, count, size, target)).unwrap();
    assert!((-1..count as i32).contains(&slot));
    let key = |slot: usize| {
        if size == OFFSET_ENTRY { f64::from(i32_at(entries, slot * size)) } else { i64_at(entries, slot * size) as f64 }
    };
    if (1..count).all(|slot| key(slot - 1) < key(slot)) {
        let expected = (0..count).rfind(|&slot| key(slot) <= target).map_or(-1, |slot| slot as i32);
        assert_eq!(slot, expected, "among {count} entries");
    }
    search_index(entries, count + 1, size, target).unwrap_err();
}

/// Entries do not depend on how batches are cut into chunks, and rise.
pub fn build(data: &[u8]) {
    let (choice, bytes) = with_choice(data);
    let (rows, _) = rows_of(bytes);
    // A batch that is too small for its format is refused as a row.
    let is_sound = |row: &[i32]| {
        let whole = &bytes[row[0] as usize..][..row[1] as usize];
        !batch::is_too_small(batch::magic(whole), whole.len())
    };
    let rows: Vec<i32> = rows.chunks_exact(2).take_while(|row| is_sound(row)).flatten().copied().collect();
    let whole = built(bytes, &rows, rows.len().max(2), choice);
    let pieces = built(bytes, &rows, 2 * (1 + usize::from(choice & 3)), choice);
    assert!(whole == pieces, "chunks change the entries");
    let times: Vec<i64> = whole.1.chunks_exact(TIME_ENTRY).map(|entry| i64_at(entry, 0)).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "times rise");
}

fn built(bytes: &[u8], rows: &[i32], step: usize, choice: u8) -> (Vec<u8>, Vec<u8>, Vec<f64>) {
    let mut numbers = [0.0; STATE];
    (numbers[0], numbers[1]) = (i64_or_zero(bytes), f64::from(choice >> 2) * 50.0);
    (numbers[4], numbers[6]) = (-1.0, -1.0);
    let mut state = State::from_array(&numbers);
    let (mut offsets, mut times) = (Vec::new(), Vec::new());
    for chunk in rows.chunks(step) {
        let (mut offset, mut time) = (vec![0; chunk.len() * OFFSET_ENTRY], vec![0; chunk.len() * TIME_ENTRY]);
        let mut entries = Entries { offset: &mut offset, time: &mut time };
        within(USUAL, || build_index(bytes, chunk, &mut state, &mut entries)).unwrap();
        offsets.extend_from_slice(&offset[..state.offset_count as usize * OFFSET_ENTRY]);
        times.extend_from_slice(&time[..state.time_count as usize * TIME_ENTRY]);
        if state.overflow != 0.0 {
            break;
        }
    }
    // The counts are of the last call.
    let kept = state.to_array().into_iter().enumerate().filter(|(place, _)| ![7, 8].contains(place));
    (offsets, times, kept.map(|(_, number)| number).collect())
}

fn i64_or_zero(bytes: &[u8]) -> f64 {
    if bytes.len() < 8 { 0.0 } else { i64_at(bytes, 0) as f64 }
}

/// A search ends, and within the file, whatever index and headers say.
pub fn find(data: &[u8]) {
    let (choice, rest) = with_choice(data);
    let (target, base) = (i64::from(number_at(rest, 0)), i64::from(number_at(rest, 4) & 0xffff));
    let rest = rest.get(8..).unwrap_or(&[]);
    let (entries, file) = rest.split_at((usize::from(choice >> 3) * OFFSET_ENTRY).min(rest.len()));
    let end = file.len() as u64 + u64::from(choice & 1) * 100;
    let sizes = [128, 129, 4096, 200];
    let mut scratch = vec![0; sizes[usize::from(choice >> 1 & 3)]];
    let place = Place { entries, count: entries.len() / OFFSET_ENTRY, base_offset: base, end };
    let found = within(USUAL, || find_batch(reader(file), &place, target, &mut scratch)).unwrap();
    judge(found, file, end, &scratch, target);
    let plain = locate(reader(file), 0, end, target, &mut scratch).unwrap();
    judge(plain, file, end, &scratch, target);
    let none = Place { entries: &[], count: 0, ..place };
    assert_eq!(find_batch(reader(file), &none, target, &mut scratch).unwrap(), plain);
}

fn judge(found: Located, file: &[u8], end: u64, scratch: &[u8], target: i64) {
    match found {
        // An index entry may point behind the file: the search ends where it began.
        Located::Beyond { .. } => {}
        Located::Found { position, size, header } => {
            // A caller that says the file is longer than it is may be told of a batch that is not whole.
            let rest = &file[position as usize..];
            let whole = &rest[..rest.len().min(size as usize)];
            assert!(position + size <= end);
            let held = &scratch[header..(header + batch::HEADER).min(scratch.len())];
            let held = &held[..held.len().min(whole.len())];
            assert!(whole.starts_with(held) && held.len() >= batch::PREFIX);
            assert!(batch::last_offset(whole) >= target);
        }
        Located::Invalid { position, header } => {
            let prefix = &file[position as usize..][..batch::PREFIX];
            assert_eq!(prefix, &scratch[header..header + batch::PREFIX]);
        }
    }
}
