//! seglog's hot path as a Node-API addon: translation only, the work is `seglog-core`'s.
//!
//! Numbers come as doubles and are checked before they become sizes. Buffers come as typed arrays without a copy. What
//! fails is told as one line of text, `CODE[:errno] message`, thrown by synchronous calls and resolved by asynchronous
//! ones; `src/engine/native.ts` makes the error of it.

#![cfg_attr(test, allow(dead_code, reason = "test builds leave out the registration that uses the exports"))]

mod append;
mod argument;
mod batches;
mod cleaning;
mod codecs;
mod failure;
mod index;
mod lines;
mod lock;
mod records;
mod recovery;

use napi_derive::napi;

/// Changes with every change of the exports, so that a stale addon is not taken for a fitting one.
const ABI_VERSION: u32 = 6;

/// What `src/engine/native.ts` compares with the version that it was written for.
#[napi]
pub fn abi_version() -> u32 {
    ABI_VERSION
}

/// The addon's own version.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Which of the processor's instructions the checksums use.
#[napi]
pub fn processor() -> String {
    seglog_core::crc::target()
}
