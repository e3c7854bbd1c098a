//! Scanning: whole batches of any format.

use crate::memory::{USUAL, within};
use crate::segment::{sealed, with_choice};
use seglog_core::batch;
use seglog_core::scan::{ROW, Scan, Stop, scan};

/// Batches of any format, with and without their checksums.
pub fn batches(data: &[u8]) {
    let (choice, bytes) = with_choice(data);
    let bytes = if choice & 1 == 0 { bytes.to_vec() } else { sealed(bytes) };
    let room = usize::from(choice >> 1);
    let (plain, _) = scanned(&bytes, false, room);
    let (verified, rows) = scanned(&bytes, true, room);
    assert!(verified.end <= plain.end && verified.count <= plain.count);
    if verified.stop != Stop::InvalidCrc {
        assert_eq!(verified, plain);
    }
    for row in rows.chunks_exact(ROW) {
        let whole = &bytes[row[0] as usize..][..row[1] as usize];
        assert!(batch::is_valid(whole));
        let _ = (batch::last_offset(whole), batch::max_timestamp(whole));
        one_bit_shows(whole, choice);
    }
}

/// The same, of formats 0 and 1.
pub fn legacy(data: &[u8]) {
    let mut bytes = data.to_vec();
    for at in (batch::MAGIC..bytes.len()).step_by(97) {
        bytes[at] &= 1;
    }
    batches(&bytes);
}

fn scanned(bytes: &[u8], verify: bool, room: usize) -> (Scan, Vec<i32>) {
    let mut rows = vec![-1; room * ROW];
    let found = within(USUAL, || scan(bytes, 0, bytes.len(), verify, &mut rows));
    let mut at = 0;
    for row in rows[..found.count * ROW].chunks_exact(ROW) {
        assert_eq!(row[0] as usize, at, "batches stand side by side");
        assert_eq!(batch::total_size(&bytes[at..]), Some(row[1] as u64));
        at += row[1] as usize;
    }
    assert_eq!(at, found.end);
    assert!(rows[found.count * ROW..].iter().all(|&number| number == -1), "rows behind the count are left alone");
    match found.stop {
        Stop::End => assert_eq!(found.end, bytes.len()),
        Stop::Partial => assert!(found.need > (bytes.len() - found.end) as u64),
        Stop::Full => assert_eq!(found.count, room),
        Stop::InvalidSize => assert!(batch::total_size(&bytes[at..]).is_none()),
        Stop::InvalidCrc => assert!(verify),
    }
    // From where it stopped, a scan finds nothing else.
    let mut rest = [0; ROW];
    if found.stop != Stop::Full {
        let again = scan(bytes, found.end, bytes.len(), verify, &mut rest);
        assert_eq!((again.count, again.stop, again.need), (0, found.stop, found.need));
    }
    rows.truncate(found.count * ROW);
    (found, rows)
}

/// A checksum notices any single bit that it covers.
fn one_bit_shows(whole: &[u8], choice: u8) {
    let mut changed = whole.to_vec();
    let from = if batch::magic(whole) >= 2 { batch::ATTRIBUTES } else { batch::LEGACY_CRC_START + 1 };
    let at = from + usize::from(choice) * 7919 % (whole.len() - from);
    changed[at] ^= 1 << (choice & 7);
    assert!(!batch::is_valid(&changed), "a changed bit of byte {at} does not show");
}
