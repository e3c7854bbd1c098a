//! Arguments: typed arrays as views of JavaScript's memory, and doubles as sizes.

use napi::bindgen_prelude::{FromNapiValue, TypeName, TypedArrayType, ValidateNapiValue};
use napi::{Status, ValueType, check_status, sys};
use seglog_core::{Error, Result};
use std::ops::Range;
use std::ptr::{NonNull, null_mut};

/// The largest whole number that a double holds with all smaller ones.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// A typed array's memory, for the length of one call.
///
/// Not a slice: JavaScript may pass views of the same memory as source and as target, and two slices of which one is
/// mutable must not overlap. [`disjoint`] looks before slices are made.
pub struct View<T> {
    start: NonNull<T>,
    length: usize,
}

/// The element of a typed array.
pub trait Element: Copy {
    const TYPE: TypedArrayType;
    const NAME: &'static str;
}

impl Element for u8 {
    const TYPE: TypedArrayType = TypedArrayType::Uint8;
    const NAME: &'static str = "Uint8Array";
}

impl Element for i32 {
    const TYPE: TypedArrayType = TypedArrayType::Int32;
    const NAME: &'static str = "Int32Array";
}

impl Element for f64 {
    const TYPE: TypedArrayType = TypedArrayType::Float64;
    const NAME: &'static str = "Float64Array";
}

impl<T: Element> View<T> {
    pub fn len(&self) -> usize {
        self.length
    }

    /// The memory of all elements.
    pub fn span(&self) -> Span {
        self.part(0..self.length)
    }

    /// The memory of a range of elements, which lies within.
    pub fn part(&self, range: Range<usize>) -> Span {
        let start = self.start.as_ptr() as usize + range.start * size_of::<T>();
        start..start + range.len() * size_of::<T>()
    }

    /// # Safety
    /// The range lies within, and no mutable slice of its memory is in use.
    pub unsafe fn slice_of(&self, range: Range<usize>) -> &[T] {
        // SAFETY: the memory is a typed array's, aligned and as long as the range says; it stays for the call, and
        // JavaScript does not run meanwhile.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(range.start), range.len()) }
    }

    /// # Safety
    /// The range lies within, and no other slice of its memory is in use.
    pub unsafe fn slice_mut_of(&mut self, range: Range<usize>) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(range.start), range.len()) }
    }

    /// # Safety
    /// No mutable slice of the memory is in use.
    pub unsafe fn slice(&self) -> &[T] {
        // SAFETY: the whole lies within; for the rest the caller vouches.
        unsafe { self.slice_of(0..self.length) }
    }

    /// # Safety
    /// No other slice of the memory is in use.
    pub unsafe fn slice_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { self.slice_mut_of(0..self.length) }
    }
}

impl<T: Element> TypeName for View<T> {
    fn type_name() -> &'static str {
        T::NAME
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl<T: Element> ValidateNapiValue for View<T> {}

impl<T: Element> FromNapiValue for View<T> {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let (mut kind, mut length, mut data) = (0, 0, null_mut());
        let (no_buffer, no_offset) = (null_mut(), null_mut());
        // SAFETY: the caller's environment and value; the places to write to are there, and the last two are optional.
        let status = unsafe {
            sys::napi_get_typedarray_info(env, value, &mut kind, &mut length, &mut data, no_buffer, no_offset)
        };
        check_status!(status, "expected a {}", T::NAME)?;
        if kind != T::TYPE as i32 {
            return Err(napi::Error::new(Status::InvalidArg, format!("expected a {}", T::NAME)));
        }
        // An empty or detached array has no memory.
        let start = NonNull::new(data.cast()).filter(|_| length > 0);
        Ok(Self { start: start.unwrap_or(NonNull::dangling()), length: start.map_or(0, |_| length) })
    }
}

/// A range of addresses.
pub type Span = Range<usize>;

/// Checks that what is written to overlaps neither what is read nor each other.
pub fn disjoint(written: &[Span], read: &[Span]) -> Result<()> {
    let overlap = |a: &Span, b: &Span| a.start < b.end && b.start < a.end;
    for (index, span) in written.iter().enumerate() {
        if written[index + 1..].iter().chain(read).any(|other| overlap(span, other)) {
            return Err(Error::argument("a buffer that is written to overlaps another argument"));
        }
    }
    Ok(())
}

/// A double as a whole number from 0 to 2^53 - 1.
pub fn whole(value: f64, name: &str) -> Result<u64> {
    if (0.0..=MAX_SAFE).contains(&value) && value.fract() == 0.0 {
        Ok(value as u64)
    } else {
        Err(Error::argument(format!("{name} must be a whole number from 0 on: found {value}")))
    }
}

/// A double as a size of something in memory that has at most `limit`.
pub fn size(value: f64, limit: usize, name: &str) -> Result<usize> {
    match usize::try_from(whole(value, name)?) {
        Ok(size) if size <= limit => Ok(size),
        _ => Err(Error::argument(format!("{name} must be at most {limit}: found {value}"))),
    }
}

/// `[start, end)` within `length`.
pub fn range(start: f64, end: f64, length: usize) -> Result<Range<usize>> {
    let end = size(end, length, "the end")?;
    Ok(size(start, end, "the start")?..end)
}

/// The same for calls whose results are positions in an `Int32Array`.
pub fn int32_range(start: f64, end: f64, length: usize) -> Result<Range<usize>> {
    range(start, end, length.min(i32::MAX as usize))
}
