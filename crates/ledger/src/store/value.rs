//! What goes into a statement and comes out of a row: whole numbers, text and bytes.

use crate::store::StoreError;

/// One value, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
    /// For a database that takes many at once.
    Blobs(&'a [[u8; 16]]),
}

/// What can be given to a statement.
pub(crate) trait ToValue {
    /// The value, borrowed.
    fn value(&self) -> Value<'_>;
}

/// What can be read from a column.
pub(crate) trait FromValue: Sized {
    /// What was asked for, for the error.
    const WANTED: &'static str;

    /// The value as this type; `None` if it is something else.
    fn of(value: Value<'_>) -> Option<Self>;
}

/// What can be given to a statement as its parameters, in their order.
pub(crate) trait Params {
    /// The values, borrowed.
    fn values(&self) -> Vec<Value<'_>>;
}

impl Params for [&dyn ToValue; 0] {
    fn values(&self) -> Vec<Value<'_>> {
        Vec::new()
    }
}

impl<T: ToValue> Params for [T; 1] {
    fn values(&self) -> Vec<Value<'_>> {
        vec![self[0].value()]
    }
}

impl<T: ToValue> Params for [T; 2] {
    fn values(&self) -> Vec<Value<'_>> {
        self.iter().map(ToValue::value).collect()
    }
}

impl Params for Vec<Value<'_>> {
    fn values(&self) -> Vec<Value<'_>> {
        self.clone()
    }
}

impl Params for &[&dyn ToValue] {
    fn values(&self) -> Vec<Value<'_>> {
        self.iter().map(|value| value.value()).collect()
    }
}

/// Parameters of several types: `params![a, b]` is `[&a as &dyn ToValue, &b as &dyn ToValue].as_slice()`.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        [$(&$value as &dyn $crate::store::ToValue),*].as_slice()
    };
}
pub(crate) use params;

impl ToValue for i64 {
    fn value(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}

impl ToValue for u32 {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl ToValue for u8 {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl ToValue for bool {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl ToValue for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl ToValue for Vec<[u8; 16]> {
    fn value(&self) -> Value<'_> {
        Value::Blobs(self)
    }
}

impl ToValue for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl FromValue for i64 {
    const WANTED: &'static str = "a number";

    fn of(value: Value<'_>) -> Option<Self> {
        if let Value::Integer(number) = value { Some(number) } else { None }
    }
}

impl FromValue for u32 {
    const WANTED: &'static str = "a number of 32 bits";

    fn of(value: Value<'_>) -> Option<Self> {
        i64::of(value)?.try_into().ok()
    }
}

impl FromValue for u8 {
    const WANTED: &'static str = "a number of 8 bits";

    fn of(value: Value<'_>) -> Option<Self> {
        i64::of(value)?.try_into().ok()
    }
}

impl FromValue for bool {
    const WANTED: &'static str = "0 or 1";

    fn of(value: Value<'_>) -> Option<Self> {
        Some(i64::of(value)? != 0)
    }
}

impl FromValue for String {
    const WANTED: &'static str = "text";

    fn of(value: Value<'_>) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.to_owned()) } else { None }
    }
}

impl FromValue for Vec<u8> {
    const WANTED: &'static str = "bytes";

    fn of(value: Value<'_>) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes.to_vec()) } else { None }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    const WANTED: &'static str = "bytes of a fixed length";

    fn of(value: Value<'_>) -> Option<Self> {
        if let Value::Blob(bytes) = value { bytes.try_into().ok() } else { None }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;

    fn of(value: Value<'_>) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::of(value).map(Some) }
    }
}

impl<'a> Value<'a> {
    /// The number.
    pub(crate) fn as_i64(self) -> Result<i64, StoreError> {
        i64::of(self).ok_or(StoreError::Column { column: 0, wanted: i64::WANTED })
    }

    /// The bytes, borrowed.
    pub(crate) const fn as_blob(self) -> Result<&'a [u8], StoreError> {
        if let Value::Blob(bytes) = self { Ok(bytes) } else { Err(StoreError::Column { column: 0, wanted: "bytes" }) }
    }

    /// The bytes, or that there are none.
    pub(crate) fn as_blob_or_null(self) -> Result<Option<&'a [u8]>, StoreError> {
        if self == Value::Null { Ok(None) } else { self.as_blob().map(Some) }
    }
}
