//! The only place that asks the operating system for anything.
//!
//! [`Storage`] is the seam: append files see it only, and tests put a faulty one in its place. What exists on Linux alone
//! (mapping, allocation) has a portable branch that says `Unsupported`, and callers write plainly instead.

#[cfg(target_os = "linux")]
mod mapping;
#[cfg(not(target_os = "linux"))]
#[path = "mapping_none.rs"]
mod mapping;
mod open;
mod read;
mod storage;

pub use mapping::Mapping;
pub use open::open_regular;
pub use read::read_at;
pub use storage::{DiskFile, Storage, write_all};

/// The size of a page: windows start at multiples of it.
#[must_use]
pub fn page_size() -> u64 {
    #[cfg(unix)]
    {
        rustix::param::page_size() as u64
    }
    #[cfg(not(unix))]
    {
        4096
    }
}
