//! Bytes of users as JSON strings, in an encoding that loses nothing, and with no character that could steer a terminal.

use base64_simd::{Out, STANDARD};

/// How keys, values and headers are to be written. The numbers are `LINE_ENCODINGS` of the engine's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it says.
    Base64 = 0,
    /// Text; base64 where bytes are not valid UTF-8.
    Utf8 = 1,
    /// As it says, in small letters.
    Hex = 2,
    /// As `Utf8`, but control characters that text has no use for also make it base64.
    Auto = 3,
}

impl Encoding {
    /// The encoding of a number.
    #[must_use]
    pub fn from_id(id: i32) -> Option<Self> {
        [Self::Base64, Self::Utf8, Self::Hex, Self::Auto].into_iter().find(|encoding| *encoding as i32 == id)
    }

    /// What fields are in unless a line says otherwise.
    #[must_use]
    pub fn usual(self) -> Form {
        match self {
            Self::Base64 => Form::Base64,
            Self::Utf8 | Self::Auto => Form::Utf8,
            Self::Hex => Form::Hex,
        }
    }

    /// What these bytes will be in.
    #[must_use]
    pub fn form_of(self, bytes: &[u8]) -> Form {
        let is_text = match self {
            Self::Base64 | Self::Hex => return self.usual(),
            Self::Utf8 => is_utf8(bytes),
            Self::Auto => !has_odd_control(bytes) && is_utf8(bytes),
        };
        if is_text { Form::Utf8 } else { Form::Base64 }
    }
}

/// What a field is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// All of these lose nothing ...
    Base64,
    /// ...
    Utf8,
    /// ...
    Hex,
    /// ... but this one, which tells a size only.
    Redacted,
}

impl Form {
    /// Its name in lines.
    #[must_use]
    pub fn name(self) -> &'static [u8] {
        match self {
            Self::Base64 => b"base64",
            Self::Utf8 => b"utf8",
            Self::Hex => b"hex",
            Self::Redacted => b"redacted",
        }
    }
}

/// Where lines go. What does not fit is told by `None`, and leaves the end of the bytes in an unknown state.
pub struct Target<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Target<'a> {
    /// From the first byte on.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes are written.
    #[must_use]
    pub fn written(&self) -> usize {
        self.at
    }

    /// Takes back what was written from `at` on.
    pub fn rewind(&mut self, at: usize) {
        self.at = self.at.min(at);
    }

    /// These bytes as they are.
    #[inline(always)]
    pub fn put(&mut self, bytes: &[u8]) -> Option<()> {
        self.room(bytes.len())?.copy_from_slice(bytes);
        Some(())
    }

    /// A number.
    #[inline]
    pub fn number(&mut self, number: impl itoa::Integer) -> Option<()> {
        self.put(itoa::Buffer::new().format(number).as_bytes())
    }

    /// A field as a JSON string in this form.
    pub fn field(&mut self, bytes: &[u8], form: Form) -> Option<()> {
        self.put(b"\"")?;
        match form {
            Form::Base64 => {
                _ = STANDARD.encode(bytes, Out::from_slice(self.room(STANDARD.encoded_length(bytes.len()))?))
            }
            Form::Hex => {
                let room = self.room(bytes.len().checked_mul(2)?)?;
                for (pair, byte) in room.chunks_exact_mut(2).zip(bytes) {
                    pair.copy_from_slice(&hex(*byte));
                }
            }
            Form::Utf8 => self.text(bytes)?,
            Form::Redacted => {
                self.number(bytes.len())?;
                self.put(b" bytes")?;
            }
        }
        self.put(b"\"")
    }

    #[inline(always)]
    fn room(&mut self, length: usize) -> Option<&mut [u8]> {
        let end = self.at.checked_add(length)?;
        let room = self.bytes.get_mut(self.at..end)?;
        self.at = end;
        Some(room)
    }

    /// Valid UTF-8 as the inside of a JSON string.
    fn text(&mut self, mut bytes: &[u8]) -> Option<()> {
        loop {
            let (plain, rest) = bytes.split_at(run_length(bytes, needs_look));
            self.put(plain)?;
            let Some(&first) = rest.first() else {
                return Some(());
            };
            let length = match first {
                0xc2 => 2,
                0xe2 => 3,
                _ => 1,
            };
            let (character, behind) = rest.split_at(length.min(rest.len()));
            match *character {
                [byte] => self.escape_ascii(byte)?,
                // C1 controls.
                [0xc2, second @ 0x80..=0x9f] => self.escape([0, second])?,
                // Marks of direction, line and paragraph separators, embeddings: U+200E, 200F, 2028 to 202E.
                [0xe2, 0x80, third @ (0x8e | 0x8f | 0xa8..=0xae)] => self.escape([0x20, third - 0x80])?,
                // Isolates: U+2066 to 2069.
                [0xe2, 0x81, third @ 0xa6..=0xa9] => self.escape([0x20, third - 0x40])?,
                _ => self.put(character)?,
            }
            bytes = behind;
        }
    }

    fn escape_ascii(&mut self, byte: u8) -> Option<()> {
        match byte {
            b'"' => self.put(b"\\\""),
            b'\\' => self.put(b"\\\\"),
            0x08 => self.put(b"\\b"),
            b'\t' => self.put(b"\\t"),
            b'\n' => self.put(b"\\n"),
            0x0c => self.put(b"\\f"),
            b'\r' => self.put(b"\\r"),
            _ => self.escape([0, byte]),
        }
    }

    fn escape(&mut self, [high, low]: [u8; 2]) -> Option<()> {
        self.put(b"\\u")?;
        self.put(&hex(high))?;
        self.put(&hex(low))
    }
}

fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// Bytes that are looked at together: as many as the compiler makes a few vector instructions of.
const LOOK: usize = 32;

/// How many bytes there are before the first one that is `found`.
#[inline(always)]
fn run_length(bytes: &[u8], found: impl Fn(u8) -> bool + Copy) -> usize {
    let clear = bytes.chunks_exact(LOOK).take_while(|chunk| !chunk.iter().fold(false, |any, byte| any | found(*byte)));
    let start = clear.count() * LOOK;
    let within = bytes[start..].iter().position(|byte| found(*byte));
    within.map_or(bytes.len(), |within| start + within)
}

/// Whether a byte of valid UTF-8 is, or may start, a character that is escaped.
#[inline(always)]
fn needs_look(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte == 0x7f) | (byte == 0xc2) | (byte == 0xe2)
}

/// Control characters but tab, line feed and carriage return.
fn has_odd_control(bytes: &[u8]) -> bool {
    let odd = |byte: u8| ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')) | (byte == 0x7f);
    run_length(bytes, odd) < bytes.len()
}

fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(bytes: &[u8], form: Form) -> String {
        let mut room = vec![0xee; bytes.len() * 6 + 20];
        let mut target = Target::new(&mut room);
        target.field(bytes, form).unwrap();
        let length = target.written();
        String::from_utf8(room[..length].to_vec()).unwrap()
    }

    #[test]
    fn forms() {
        assert_eq!(written(b"", Form::Base64), r#""""#);
        assert_eq!(written(b"\xff\xfe\xfd\xfc", Form::Base64), r#""//79/A==""#);
        assert_eq!(written(b"\x00\xff\x1a", Form::Hex), r#""00ff1a""#);
        assert_eq!(written(b"secret", Form::Redacted), r#""6 bytes""#);
        assert_eq!(
            written(b"a\"b\\c\x08\t\n\x0c\r\x00\x1b\x7f", Form::Utf8),
            r#""a\"b\\c\b\t\n\f\r\u0000\u001b\u007f""#
        );
    }

    #[test]
    fn what_must_not_reach_a_terminal_is_escaped_and_nothing_else_is() {
        let escaped =
            |code: u32| matches!(code, 0..=0x1f | 0x7f..=0x9f | 0x200e | 0x200f | 0x2028..=0x202e | 0x2066..=0x2069);
        for character in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| !"\"\\\u{8}\t\n\u{c}\r".contains(*c)) {
            let text = character.to_string();
            let code = u32::from(character);
            let expected = if escaped(code) { format!("\\u{code:04x}") } else { text.clone() };
            assert_eq!(written(text.as_bytes(), Form::Utf8), format!("\"{expected}\""), "U+{code:04X}");
        }
    }

    #[test]
    fn which_bytes_are_text() {
        let cases: &[(&[u8], Form, Form)] = &[
            (b"", Form::Utf8, Form::Utf8),
            (b"plain", Form::Utf8, Form::Utf8),
            (b"\t\n\r", Form::Utf8, Form::Utf8),
            ("gr\u{fc}n \u{202e}".as_bytes(), Form::Utf8, Form::Utf8),
            (b"\x00", Form::Utf8, Form::Base64),
            (b"\x1b[2J", Form::Utf8, Form::Base64),
            (b"\x7f", Form::Utf8, Form::Base64),
            (b"\xff", Form::Base64, Form::Base64),
            (b"\xed\xa0\x80", Form::Base64, Form::Base64),
            (b"\xc0\x80", Form::Base64, Form::Base64),
        ];
        for (bytes, utf8, auto) in cases {
            assert_eq!((Encoding::Utf8.form_of(bytes), Encoding::Auto.form_of(bytes)), (*utf8, *auto), "{bytes:?}");
            assert_eq!(Encoding::Base64.form_of(bytes), Form::Base64);
            assert_eq!(Encoding::Hex.form_of(bytes), Form::Hex);
        }
    }

    proptest! {
        #[test]
        fn what_does_not_fit_is_told_and_nothing_is_written_beyond(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            form in prop::sample::select(vec![Form::Base64, Form::Utf8, Form::Hex, Form::Redacted]),
        ) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let bytes = if form == Form::Utf8 { text.as_bytes() } else { &bytes };
            let whole = written(bytes, form);
            for room in 0..whole.len() {
                prop_assert!(Target::new(&mut vec![0; room]).field(bytes, form).is_none());
            }
            prop_assert!(Target::new(&mut vec![0; whole.len()]).field(bytes, form).is_some());
        }

        #[test]
        fn text_of_any_length_is_looked_at_to_its_end(plain in 0..100_usize, behind in 0..100_usize) {
            let text = format!("{}\u{1b}{}", "x".repeat(plain), "y".repeat(behind));
            let expected = format!("\"{}\\u001b{}\"", "x".repeat(plain), "y".repeat(behind));
            prop_assert_eq!(written(text.as_bytes(), Form::Utf8), expected);
            prop_assert_eq!(Encoding::Auto.form_of(text.as_bytes()), Form::Base64);
        }
    }
}
