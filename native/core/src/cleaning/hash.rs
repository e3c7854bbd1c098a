//! Keys by their hash: what the offset map holds instead of them.
//!
//! SipHash-1-3 of 128 bits under a key of its own for each map. Two keys that share a hash would lose a record in silence,
//! so the hash has to keep them apart also where somebody chose them: without the random key nobody can look for such a
//! pair, and by chance one turns up among a thousand million keys in one of 10^20 maps.

use siphasher::sip128::SipHasher13;
use std::hash::{BuildHasher, RandomState};

/// A key's hash. Its order is that of the map's slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Hash {
    /// Its upper half, which tells the slot.
    pub high: u64,
    /// Its lower half.
    pub low: u64,
}

/// Hashes under a random key that is never told.
#[derive(Debug, Clone, Copy)]
pub struct KeyHasher(SipHasher13);

impl KeyHasher {
    /// A key of its own, from the system's randomness by way of the standard library.
    #[must_use]
    pub fn new() -> Self {
        let random = RandomState::new();
        let mut key = [0; 16];
        key[..8].copy_from_slice(&random.hash_one(0_u8).to_le_bytes());
        key[8..].copy_from_slice(&random.hash_one(1_u8).to_le_bytes());
        Self(SipHasher13::new_with_key(&key))
    }

    /// The hash of a record's key.
    #[inline]
    #[must_use]
    pub fn hash(&self, key: &[u8]) -> Hash {
        let hash = self.0.hash(key);
        Hash { high: hash.h1, low: hash.h2 }
    }
}

impl Default for KeyHasher {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hasher_is_true_to_itself_and_differs_from_others() {
        let (one, other) = (KeyHasher::new(), KeyHasher::new());
        assert_eq!(one.hash(b"key"), one.hash(b"key"));
        assert_ne!(one.hash(b"key"), one.hash(b"kez"));
        assert_ne!(one.hash(b""), one.hash(b"\0"));
        assert_ne!(one.hash(b"key"), other.hash(b"key"));
    }
}
