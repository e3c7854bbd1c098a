//! Failures on their way to JavaScript.

use napi::Status;
use seglog_core::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a call; a panic becomes an `INTERNAL` error instead of the end of the process.
pub fn attempt<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(Error::Internal(format!("the native engine panicked: {}", text.unwrap_or("no message"))))
    })
}

/// The same for a synchronous export.
pub fn guard<T>(call: impl FnOnce() -> Result<T>) -> napi::Result<T> {
    attempt(call).map_err(|error| napi::Error::new(Status::GenericFailure, describe(&error)))
}

/// The same for work on another thread: what failed, or nothing.
pub fn outcome(call: impl FnOnce() -> Result<()>) -> Option<String> {
    attempt(call).err().map(|error| describe(&error))
}

fn describe(error: &Error) -> String {
    match error.errno() {
        Some(errno) => format!("{}:{errno} {error}", error.code()),
        None => format!("{} {error}", error.code()),
    }
}
