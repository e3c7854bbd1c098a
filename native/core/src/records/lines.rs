//! Records to JSON lines, one call for as many as the target holds.
//!
//! ```text
//! {"type":"record","offset":N,"timestamp":N,"key":S|null,"value":S|null,"headers":[[S,S|null],...],"encoding":E
//!  [,"keyEncoding":E] [,"valueEncoding":E] [,"headerEncodings":[[E,E],...]] }
//! ```
//!
//! The encodings in brackets are there where one differs from the first. A null's is the first.

use super::decode::{Fault, ROW, decode_one};
use super::text::{Encoding, Form, Target};
use super::varint::read_int;

/// What is the same for all records of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// How many records the batch says it has.
    pub count: i32,
    /// What offset deltas are added to.
    pub base_offset: i64,
    /// What timestamp deltas are added to; with `is_append_time` every record's timestamp.
    pub timestamp: i64,
    /// Whether the broker stamped the records.
    pub is_append_time: bool,
}

/// How fields are written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// How bytes become text.
    pub encoding: Encoding,
    /// Keys' sizes only.
    pub redacts_keys: bool,
    /// Values' sizes only.
    pub redacts_values: bool,
    /// Sizes only, of headers' keys and values both.
    pub redacts_headers: bool,
}

/// Where writing stands between calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where the next record starts, or the one with the fault, or the bytes behind the last one.
    pub position: usize,
    /// The next record's number; the batch's count when all are written.
    pub record: i32,
    /// How many bytes this call wrote.
    pub written: usize,
    /// What ended the walk, if anything did.
    pub fault: Fault,
}

/// Writes the lines of the records from `progress` on, which end at the end of `bytes`, until `target` has no room for
/// the next one, all are written, or one cannot be read. `target` holds whole lines only.
pub fn write(bytes: &[u8], batch: &Batch, style: &Style, progress: &mut Progress, target: &mut [u8]) {
    let mut out = Target::new(target);
    progress.written = 0;
    progress.fault = if batch.count < 0 { Fault::Truncated } else { Fault::None };
    while progress.fault == Fault::None && progress.record < batch.count {
        let mut row = [0; ROW];
        match decode_one(bytes, progress.position, &mut row) {
            Err(fault) => progress.fault = fault,
            Ok(next) => {
                if (Line { bytes, row: &row, style }).write(batch, &mut out).is_none() {
                    return;
                }
                progress.written = out.written();
                progress.position = next;
                progress.record += 1;
            }
        }
    }
    if progress.fault == Fault::None && batch.count > 0 && progress.position != bytes.len() {
        progress.fault = Fault::TrailingBytes;
    }
}

struct Line<'a> {
    bytes: &'a [u8],
    row: &'a [i32; ROW],
    style: &'a Style,
}

impl Line<'_> {
    fn write(&self, batch: &Batch, out: &mut Target<'_>) -> Option<()> {
        let Self { row, style, .. } = self;
        let usual = style.encoding.usual();
        out.put(b"{\"type\":\"record\",\"offset\":")?;
        match batch.base_offset.checked_add(i64::from(row[0])) {
            Some(offset) => out.number(offset)?,
            // Beyond int64, which the reader has to judge.
            None => out.number(i128::from(batch.base_offset) + i128::from(row[0]))?,
        }
        out.put(b",\"timestamp\":")?;
        let delta = i64::from(row[2]) << 32 | i64::from(row[1].cast_unsigned());
        // Java's sums wrap around.
        out.number(if batch.is_append_time { batch.timestamp } else { batch.timestamp.wrapping_add(delta) })?;
        out.put(b",\"key\":")?;
        let key = self.nullable(out, row[3], row[4], style.redacts_keys)?;
        out.put(b",\"value\":")?;
        let value = self.nullable(out, row[5], row[6], style.redacts_values)?;
        out.put(b",\"headers\":[")?;
        let are_headers_usual = self.headers(out)?;
        out.put(b"],\"encoding\":\"")?;
        out.put(usual.name())?;
        if key != usual {
            out.put(b"\",\"keyEncoding\":\"")?;
            out.put(key.name())?;
        }
        if value != usual {
            out.put(b"\",\"valueEncoding\":\"")?;
            out.put(value.name())?;
        }
        out.put(b"\"")?;
        if !are_headers_usual {
            out.put(b",\"headerEncodings\":[")?;
            self.header_encodings(out)?;
            out.put(b"]")?;
        }
        out.put(b"}\n")
    }

    /// A field; returns what it is in.
    #[inline(always)]
    fn nullable(&self, out: &mut Target<'_>, start: i32, length: i32, is_redacted: bool) -> Option<Form> {
        let form = self.form(start, length, is_redacted);
        match self.slice(start, length) {
            None => out.put(b"null")?,
            Some(bytes) => out.field(bytes, form)?,
        }
        Some(form)
    }

    #[inline(always)]
    fn form(&self, start: i32, length: i32, is_redacted: bool) -> Form {
        match self.slice(start, length) {
            None => self.style.encoding.usual(),
            Some(_) if is_redacted => Form::Redacted,
            Some(bytes) => self.style.encoding.form_of(bytes),
        }
    }

    /// The bytes of a field; none of a null.
    #[inline(always)]
    fn slice(&self, start: i32, length: i32) -> Option<&[u8]> {
        let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
        self.bytes.get(start..start + length)
    }

    /// Whether all of them are in the usual encoding.
    fn headers(&self, out: &mut Target<'_>) -> Option<bool> {
        let usual = self.style.encoding.usual();
        let is_redacted = self.style.redacts_headers;
        let mut are_usual = true;
        let mut separator: &[u8] = b"[";
        self.each_header(|[key_start, key_length, value_start, value_length]| {
            out.put(separator)?;
            separator = b",[";
            let key = self.nullable(out, key_start, key_length, is_redacted)?;
            out.put(b",")?;
            let value = self.nullable(out, value_start, value_length, is_redacted)?;
            are_usual &= key == usual && value == usual;
            out.put(b"]")
        })?;
        Some(are_usual)
    }

    fn header_encodings(&self, out: &mut Target<'_>) -> Option<()> {
        let is_redacted = self.style.redacts_headers;
        let mut separator: &[u8] = b"[\"";
        self.each_header(|[key_start, key_length, value_start, value_length]| {
            out.put(separator)?;
            separator = b",[\"";
            out.put(self.form(key_start, key_length, is_redacted).name())?;
            out.put(b"\",\"")?;
            out.put(self.form(value_start, value_length, is_redacted).name())?;
            out.put(b"\"]")
        })
    }

    /// Goes over the headers, which were seen to be whole: start and length of key and value each.
    #[inline(always)]
    fn each_header(&self, mut visit: impl FnMut([i32; 4]) -> Option<()>) -> Option<()> {
        let mut at = usize::try_from(self.row[7]).ok()?;
        let count = read_int(self.bytes, &mut at).ok()?;
        for _ in 0..count {
            let mut field = || {
                let length = read_int(self.bytes, &mut at).ok()?;
                let start = i32::try_from(at).ok()?;
                at += usize::try_from(length).unwrap_or(0);
                Some((start, length))
            };
            let ((key_start, key_length), (value_start, value_length)) = (field()?, field()?);
            visit([key_start, key_length, value_start, value_length])?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// attributes, timestamp delta -1, offset delta 1, key "k", null value, headers "h" -> null and 0xff -> "v"
    const RECORD: [u8; 15] = [28, 0, 1, 2, 2, b'k', 1, 4, 2, b'h', 1, 2, 0xff, 2, b'v'];
    const BATCH: Batch = Batch { count: 2, base_offset: 9, timestamp: 1000, is_append_time: false };
    const TEXT: Style =
        Style { encoding: Encoding::Utf8, redacts_keys: false, redacts_values: false, redacts_headers: false };
    const START: Progress = Progress { position: 0, record: 0, written: 0, fault: Fault::None };

    fn lines(bytes: &[u8], batch: &Batch, style: &Style, room: usize) -> (String, Progress) {
        let mut progress = START;
        let mut text = String::new();
        loop {
            let mut target = vec![0; room];
            write(bytes, batch, style, &mut progress, &mut target);
            text.push_str(std::str::from_utf8(&target[..progress.written]).unwrap());
            if progress.fault != Fault::None || progress.written == 0 || progress.record >= batch.count {
                return (text, progress);
            }
        }
    }

    fn first_line(batch: &Batch, style: &Style) -> String {
        let (text, progress) = lines(&RECORD, &Batch { count: 1, ..*batch }, style, 1000);
        assert_eq!((progress.record, progress.fault), (1, Fault::None));
        text
    }

    #[test]
    fn a_line() {
        assert_eq!(
            first_line(&BATCH, &TEXT),
            "{\"type\":\"record\",\"offset\":10,\"timestamp\":999,\"key\":\"k\",\"value\":null,\
             \"headers\":[[\"h\",null],[\"/w==\",\"v\"]],\"encoding\":\"utf8\",\
             \"headerEncodings\":[[\"utf8\",\"utf8\"],[\"base64\",\"utf8\"]]}\n"
        );
        assert_eq!(
            first_line(&BATCH, &Style { encoding: Encoding::Hex, ..TEXT }),
            "{\"type\":\"record\",\"offset\":10,\"timestamp\":999,\"key\":\"6b\",\"value\":null,\
             \"headers\":[[\"68\",null],[\"ff\",\"76\"]],\"encoding\":\"hex\"}\n"
        );
        let redacting = Style { encoding: Encoding::Base64, redacts_keys: true, redacts_values: true, ..TEXT };
        assert_eq!(
            first_line(&BATCH, &redacting),
            "{\"type\":\"record\",\"offset\":10,\"timestamp\":999,\"key\":\"1 bytes\",\"value\":null,\
             \"headers\":[[\"aA==\",null],[\"/w==\",\"dg==\"]],\"encoding\":\"base64\",\"keyEncoding\":\"redacted\"}\n"
        );
        assert!(first_line(&BATCH, &Style { redacts_headers: true, ..TEXT }).ends_with(
            "\"headers\":[[\"1 bytes\",null],[\"1 bytes\",\"1 bytes\"]],\"encoding\":\"utf8\",\
                 \"headerEncodings\":[[\"redacted\",\"utf8\"],[\"redacted\",\"redacted\"]]}\n"
        ));
    }

    #[test]
    fn numbers_are_exact_and_times_wrap_as_javas() {
        let last = Batch { base_offset: i64::MAX, timestamp: i64::MIN, ..BATCH };
        assert!(
            first_line(&last, &TEXT)
                .contains("\"offset\":9223372036854775808,\"timestamp\":9223372036854775807,\"key\"")
        );
        let stamped = Batch { timestamp: i64::MIN, is_append_time: true, ..BATCH };
        assert!(first_line(&stamped, &TEXT).contains("\"offset\":10,\"timestamp\":-9223372036854775808,\"key\""));
    }

    #[test]
    fn faults_come_behind_the_lines_before_them() {
        let twice = [RECORD, RECORD].concat();
        let one = first_line(&BATCH, &TEXT);
        let run = |bytes: &[u8], count: i32| lines(bytes, &Batch { count, ..BATCH }, &TEXT, 1000);
        let at = |position, record, written, fault| Progress { position, record, written, fault };
        assert_eq!(run(&twice[..29], 2), (one.clone(), at(15, 1, one.len(), Fault::Truncated)));
        assert_eq!(run(&twice, 1), (one.clone(), at(15, 1, one.len(), Fault::TrailingBytes)));
        assert_eq!(run(&twice, 3), (one.repeat(2), at(30, 2, one.len() * 2, Fault::Truncated)));
        assert_eq!(run(&twice, -1), (String::new(), at(0, 0, 0, Fault::Truncated)));
        assert_eq!(run(&twice, 0), (String::new(), at(0, 0, 0, Fault::None)));
    }

    #[test]
    fn a_full_target_is_gone_on_from() {
        let twice = [RECORD, RECORD].concat();
        let one = first_line(&BATCH, &TEXT);
        for room in one.len()..one.len() * 2 + 1 {
            let (text, progress) = lines(&twice, &BATCH, &TEXT, room);
            assert_eq!((text, progress.record, progress.position), (one.repeat(2), 2, 30), "{room}");
        }
        for room in 0..one.len() {
            assert_eq!(lines(&twice, &BATCH, &TEXT, room), (String::new(), START), "{room}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), count in -2..50_i32) {
            let (_, progress) = lines(&bytes, &Batch { count, ..BATCH }, &TEXT, 4000);
            prop_assert!(progress.position <= bytes.len());
        }
    }
}
