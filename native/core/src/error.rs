//! The errors that cross to JavaScript, each with the stable code it has there (`src/errors/errors.ts`).

use std::io;

/// What every fallible function here returns.
pub type Result<T> = std::result::Result<T, Error>;

/// One variant for one code. The text is the message; the code tells programs what happened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A number or buffer from JavaScript that does not fit.
    #[error("{0}")]
    InvalidArgument(String),
    /// The payload cannot be decompressed.
    #[error("{0}")]
    CorruptCompressedData(&'static str),
    /// A codec number that Kafka does not define.
    #[error("codec {0} is unknown")]
    UnsupportedCodec(u32),
    /// The operating system refused.
    #[error("could not {doing}: {source}")]
    Io {
        /// The step that failed, in words.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A link, directory, FIFO or device where a log file should be.
    #[error("not a regular file: found {0}")]
    NotARegularFile(&'static str),
    /// The file is shorter than the log that was found in it.
    #[error("the file is shorter than the log that was found in it: expected {expected}, found {found}")]
    FileShrank {
        /// The size it had.
        expected: u64,
        /// The size it has.
        found: u64,
    },
    /// The file was closed before.
    #[error("the file is closed")]
    LogClosed,
    /// Somebody else has the log directory, the process with this id where it is known.
    #[error("the log directory is in use by {}", holder(*.0))]
    LogLocked(Option<u32>),
    /// An earlier failure left the file in an unknown state.
    #[error("an earlier write or sync failed, so what is on the disk is unknown: {0}")]
    LogOffline(String),
    /// A broken invariant of seglog itself.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "INVALID_ARGUMENT",
            Self::CorruptCompressedData(_) => "CORRUPT_COMPRESSED_DATA",
            Self::UnsupportedCodec(_) => "UNSUPPORTED_CODEC",
            Self::Io { .. } => "IO",
            Self::NotARegularFile(_) => "NOT_A_REGULAR_FILE",
            Self::FileShrank { .. } => "FILE_SHRANK",
            Self::LogClosed => "LOG_CLOSED",
            Self::LogLocked(_) => "LOG_LOCKED",
            Self::LogOffline(_) => "LOG_OFFLINE",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// The number of the operating system's error, where there is one.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Io { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }

    /// Wraps what the system said about a step.
    pub fn io(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }

    /// An argument that does not fit, in words.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::InvalidArgument(message.into())
    }
}

/// In the words of `src/fs/refused.ts`.
fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process or thread".to_owned(), |pid| format!("process {pid}"))
}
