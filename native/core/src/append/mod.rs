//! Log files that are only ever appended to.
//!
//! ```text
//! 0                              size              length
//! |  batches                     |  zeros           |
//!                   |  mapped window: allocated     |
//! ```
//!
//! Mapped where the file system allows it, written plainly elsewhere ([`space`] says why and how). The file's length is
//! true to what is allocated; `size` is where the batches end, and a zero length field there is the end of data for every
//! reader, Kafka included.

mod file;
#[cfg(test)]
mod filling_tests;
mod helper;
#[cfg(test)]
mod helper_tests;
mod publish;
mod space;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod waiting_tests;

pub use file::{AppendFile, Kind, Options, Syncer};
pub(crate) use publish::copy_body;
pub use space::Space;
