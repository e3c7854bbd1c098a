//! The newest offset of each key.
//!
//! ```text
//! slot      | hash, upper half | hash, lower half | offset + 1 |     24 bytes, as Kafka's; a zero offset is an empty slot
//! slots     home of a hash = slots * upper half / 2^64; runs without a gap are in the order of their hashes
//! ```
//!
//! Slots are in the order of their hashes, so a look ends at the first larger one: about five slots at the most load that is
//! allowed, also for a key that is not there. Few reserve slots behind the last home take what would wrap around.
//!
//! A map uses the front of its memory and spreads over more of it as keys come: few keys touch little memory, and looks for
//! them stay in the processor's caches. The order makes that a walk from the front to the back, in place.

use super::hash::{Hash, KeyHasher};
use crate::{Error, Result};
use std::alloc::{Layout, alloc_zeroed};

/// Bytes a key takes.
pub const SLOT_BYTES: usize = 24;
const OFFSET: usize = 2;
type Slot = [u64; 3];

/// Slots behind the last home; one more stays empty for ever and ends every walk.
const MOST_RESERVE: usize = 1024;
/// How many homes a map begins with, if it may have as many.
const FIRST_HOMES: usize = 1 << 15;
/// It spreads when three of four homes are taken.
const SPREAD_AT: (usize, usize) = (3, 4);
const _: () = assert!(size_of::<Slot>() == SLOT_BYTES);

/// Offsets by the hash of their keys.
pub struct OffsetMap {
    hasher: KeyHasher,
    /// All there may be; those behind the reserve of the homes in use are zeros.
    slots: Vec<Slot>,
    homes: usize,
    most_homes: usize,
    limit: usize,
    size: usize,
}

impl OffsetMap {
    /// A map of `memory` bytes, of which up to `load` (more than 0, at most 1) is used. Memory is touched as keys come.
    ///
    /// # Errors
    /// `InvalidArgument` where that is no map, or more memory than there is.
    pub fn new(memory: usize, load: f64) -> Result<Self> {
        let most_homes = memory / SLOT_BYTES;
        if most_homes == 0 || !(load > 0.0 && load <= 1.0) {
            return Err(Error::argument(format!("no offset map has {memory} bytes and a load of {load}")));
        }
        // Exact below 2^53 slots.
        let limit = ((most_homes as f64 * load) as usize).max(1);
        let slots = zeroed(most_homes.saturating_add(reserve_of(most_homes) + 1))?;
        let homes = most_homes.min(FIRST_HOMES);
        Ok(Self { hasher: KeyHasher::new(), slots, homes, most_homes, limit, size: 0 })
    }

    /// How many keys it takes.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many keys it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        if self.size > 0 {
            let end = self.end();
            self.slots[..end].fill([0; 3]);
            self.homes = self.most_homes.min(FIRST_HOMES);
            self.size = 0;
        }
    }

    /// The hash that stands for a key in this map, on whose slot the processor is set at once.
    #[inline]
    #[must_use]
    pub fn hash_ahead(&self, key: &[u8]) -> Hash {
        let hash = self.hasher.hash(key);
        prefetch(&self.slots[self.home(hash)]);
        hash
    }

    /// Sets the offset (0 or more) of a key; false, and nothing is done, when the map is full. As in Kafka a full map does
    /// not take a newer offset of a key that it holds either.
    #[inline]
    pub fn put(&mut self, hash: Hash, offset: i64) -> bool {
        if self.size >= self.limit {
            return false;
        }
        let (mut at, found) = self.find(hash);
        let value = offset.cast_unsigned().wrapping_add(1);
        if found {
            self.slots[at][OFFSET] = value;
            return true;
        }
        if self.homes < self.most_homes && self.size / SPREAD_AT.0 >= self.homes / SPREAD_AT.1 {
            self.spread();
            (at, _) = self.find(hash);
        }
        self.insert(at, [hash.high, hash.low, value])
    }

    /// The offset of a key.
    #[inline]
    #[must_use]
    pub fn get(&self, hash: Hash) -> Option<i64> {
        let (at, found) = self.find(hash);
        found.then(|| self.slots[at][OFFSET].wrapping_sub(1).cast_signed())
    }

    /// Where a hash stands, or else where it belongs.
    #[inline]
    fn find(&self, hash: Hash) -> (usize, bool) {
        let mut at = self.home(hash);
        loop {
            let [high, low, value] = self.slots[at];
            if value == 0 {
                return (at, false);
            }
            let here = Hash { high, low };
            if here >= hash {
                return (at, here == hash);
            }
            at += 1;
        }
    }

    fn insert(&mut self, at: usize, slot: Slot) -> bool {
        let mut gap = at;
        while self.slots[gap][OFFSET] != 0 {
            gap += 1;
        }
        if gap == self.end() {
            return false; // the reserve is used up, which random hashes do not come to
        }
        self.slots.copy_within(at..gap, at + 1);
        self.slots[at] = slot;
        self.size += 1;
        true
    }

    /// Takes twice as many homes into use, or as many as there are.
    #[cold]
    fn spread(&mut self) {
        let (old_end, homes) = (self.end(), self.most_homes.min(self.homes * 2));
        let end = homes + reserve_of(homes);
        // All to the back, then each to its place: none comes later than where it stands there, since from every hash to
        // the end there are at least as many slots as before.
        let mut back = end;
        for at in (0..old_end).rev() {
            let slot = std::mem::take(&mut self.slots[at]);
            if slot[OFFSET] != 0 {
                back -= 1;
                self.slots[back] = slot;
            }
        }
        self.homes = homes;
        let mut next = 0;
        for at in back..end {
            let slot = std::mem::take(&mut self.slots[at]);
            next = next.max(home_of(slot[0], homes));
            self.slots[next] = slot;
            next += 1;
        }
    }

    /// The slot behind the reserve, which stays empty.
    fn end(&self) -> usize {
        self.homes + reserve_of(self.homes)
    }

    #[inline]
    fn home(&self, hash: Hash) -> usize {
        home_of(hash.high, self.homes)
    }
}

#[inline]
fn home_of(high: u64, homes: usize) -> usize {
    ((u128::from(high) * homes as u128) >> 64) as usize
}

fn reserve_of(homes: usize) -> usize {
    homes.min(MOST_RESERVE)
}

/// Slots of zeros, by the system where they are many: what is never touched costs nothing.
fn zeroed(count: usize) -> Result<Vec<Slot>> {
    let none = || Error::argument(format!("there is no memory for an offset map of {count} slots"));
    let layout = Layout::array::<Slot>(count).map_err(|_| none())?;
    // SAFETY: the layout is of at least one slot.
    let start = unsafe { alloc_zeroed(layout) }.cast::<Slot>();
    if start.is_null() {
        return Err(none());
    }
    advise_huge(start, layout.size());
    // SAFETY: the global allocator gave this memory for so many slots, and zeros are slots.
    Ok(unsafe { Vec::from_raw_parts(start, count, count) })
}

/// Asks for large pages: looks go everywhere in the map, and small pages would each need a walk of the page tables too.
#[cfg(target_os = "linux")]
fn advise_huge(start: *mut Slot, length: usize) {
    const PAGE: usize = 4096;
    const HUGE: usize = 2 << 20;
    let skip = start.cast::<u8>().align_offset(PAGE);
    if length < skip + HUGE {
        return;
    }
    let whole = (length - skip) & !(PAGE - 1);
    // SAFETY: whole pages within the memory just allocated; the advice changes nothing that can be seen. A refusal costs
    // only speed.
    let _ = unsafe { rustix::mm::madvise(start.byte_add(skip).cast(), whole, rustix::mm::Advice::LinuxHugepage) };
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_start: *mut Slot, _length: usize) {}

#[inline(always)]
fn prefetch(slot: &Slot) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(slot).cast::<i8>();
        // SAFETY: a hint, which no address makes fail.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = slot;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// A hash as it were, to crowd keys as hashing never does.
    fn crowded(key: u8) -> Hash {
        Hash { high: u64::from(key >> 5) << 61 | u64::from(key & 3), low: u64::from(key) }
    }

    #[test]
    fn limits() {
        assert_eq!(OffsetMap::new(2400, 0.9).unwrap().limit(), 90);
        assert_eq!(OffsetMap::new(24 * 7 + 23, 0.9).unwrap().limit(), 6);
        assert_eq!(OffsetMap::new(24, 0.9).unwrap().limit(), 1);
        for (memory, load) in [(23, 0.9), (2400, 0.0), (2400, 1.1), (2400, f64::NAN), (usize::MAX, 0.9)] {
            assert!(matches!(OffsetMap::new(memory, load), Err(Error::InvalidArgument(_))), "{memory} {load}");
        }
    }

    #[test]
    fn a_full_map_takes_nothing_more() {
        let mut map = OffsetMap::new(240, 0.9).unwrap();
        let hashes: Vec<Hash> = (0..10_u8).map(|key| map.hash_ahead(&[key])).collect();
        for (offset, hash) in hashes[..9].iter().enumerate() {
            assert!(map.put(*hash, offset as i64));
        }
        assert!(!map.put(hashes[9], 9));
        assert!(!map.put(hashes[0], 9), "not for a key that is there either");
        assert_eq!((map.size(), map.get(hashes[0]), map.get(hashes[9])), (9, Some(0), None));
        map.clear();
        assert_eq!((map.size(), map.get(hashes[0])), (0, None));
        assert!(map.put(hashes[9], i64::MAX));
        assert_eq!(map.get(hashes[9]), Some(i64::MAX));
    }

    #[test]
    fn a_large_map_holds_what_was_put() {
        let mut map = OffsetMap::new(100_000 * SLOT_BYTES, 0.9).unwrap();
        let key = |number: i64| number.to_string().into_bytes();
        for round in 0..2 {
            for number in 0..89_999_i64 {
                let hash = map.hash_ahead(&key(number));
                assert!(map.put(hash, number + round));
            }
        }
        for number in 0..89_999_i64 {
            assert_eq!(map.get(map.hash_ahead(&key(number))), Some(number + 1));
            assert_eq!(map.get(map.hash_ahead(&key(number + 89_999))), None);
        }
    }

    #[test]
    fn a_map_spreads_as_keys_come_and_not_beyond_its_memory() {
        let most = 5 * FIRST_HOMES / 2;
        let mut map = OffsetMap::new(most * SLOT_BYTES, 0.9).unwrap();
        let mut homes = vec![map.homes];
        let mut number = 0_i64;
        while map.put(map.hash_ahead(&number.to_le_bytes()), number) {
            number += 1;
            if homes.last() != Some(&map.homes) {
                homes.push(map.homes);
                assert!((0..number).all(|each| map.get(map.hash_ahead(&each.to_le_bytes())) == Some(each)));
            }
        }
        assert_eq!(homes, [FIRST_HOMES, 2 * FIRST_HOMES, most]);
        assert_eq!((map.size(), number as usize), (map.limit(), map.limit()));
        assert!((0..number).all(|each| map.get(map.hash_ahead(&each.to_le_bytes())) == Some(each)));
        map.clear();
        assert!(map.slots.iter().all(|slot| *slot == [0; 3]));
        assert_eq!(map.homes, FIRST_HOMES);
    }

    #[test]
    fn hashes_that_crowd_as_none_do_fill_the_map_and_lose_nothing() {
        let mut map = OffsetMap::new(4 * FIRST_HOMES * SLOT_BYTES, 0.9).unwrap();
        let crowd = |number: u64| Hash { high: u64::MAX, low: number };
        let mut number = 0;
        while map.put(crowd(number), 7) {
            number += 1;
        }
        assert_eq!(number as usize, MOST_RESERVE + 1);
        assert!((0..number).all(|each| map.get(crowd(each)) == Some(7)));
        // What comes evenly makes the map spread, with the crowd at its end.
        for each in 0..FIRST_HOMES as u64 {
            map.put(Hash { high: each << 49, low: 0 }, 9);
        }
        assert!(map.homes > FIRST_HOMES);
        assert!((0..number).all(|each| map.get(crowd(each)) == Some(7)));
    }

    proptest! {
        #[test]
        fn is_a_map_however_crowded(puts in prop::collection::vec((any::<u8>(), 0..1000_i64), 0..300), slots in 1..300_usize) {
            let mut map = OffsetMap::new(slots * SLOT_BYTES, 1.0).unwrap();
            let mut model = HashMap::new();
            for (key, offset) in puts {
                let fits = model.len() < slots;
                prop_assert_eq!(map.put(crowded(key), offset), fits);
                if fits {
                    model.insert(key, offset);
                }
            }
            prop_assert_eq!(map.size(), model.len());
            for key in 0..=255 {
                prop_assert_eq!(map.get(crowded(key)), model.get(&key).copied());
            }
        }
    }
}
