//! How values go in and come out, and what of an error may be told.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::{StoreError, Value};

type Failure = Box<dyn Error + Sync + Send>;

fn known(kind: &Type) -> bool {
    matches!(kind.name(), "int8" | "int4" | "int2" | "bool" | "text" | "varchar" | "name" | "bytea" | "_bytea" | "oid")
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match (*self, kind.name()) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(number), "int8") => number.to_sql(kind, out),
            (Value::Integer(number), "int4") => i32::try_from(number)?.to_sql(kind, out),
            (Value::Integer(number), "int2") => i16::try_from(number)?.to_sql(kind, out),
            (Value::Integer(number), "bool") => (number != 0).to_sql(kind, out),
            (Value::Text(text), "text" | "varchar" | "name") => text.to_sql(kind, out),
            (Value::Blob(bytes), "bytea") => bytes.to_sql(kind, out),
            (Value::Blobs(many), "_bytea") => {
                many.iter().map(<[u8; 16]>::as_slice).collect::<Vec<_>>().to_sql(kind, out)
            }
            _ => Err("a value of another type than its column".into()),
        }
    }

    fn accepts(kind: &Type) -> bool {
        known(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(match kind.name() {
            "int8" => Self::Integer(i64::from_sql(kind, raw)?),
            "int4" => Self::Integer(i32::from_sql(kind, raw)?.into()),
            "int2" => Self::Integer(i16::from_sql(kind, raw)?.into()),
            "oid" => Self::Integer(u32::from_sql(kind, raw)?.into()),
            "bool" => Self::Integer(bool::from_sql(kind, raw)?.into()),
            "bytea" => Self::Blob(raw),
            _ => Self::Text(std::str::from_utf8(raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        known(kind)
    }
}

/// A column of a row.
pub(in crate::store) fn value(row: &Row, column: usize) -> Result<Value<'_>, StoreError> {
    row.try_get(column).map_err(|_| StoreError::Column { column, wanted: "a whole number, text or bytes" })
}

/// What the server said, without its details: those repeat the row.
pub(super) fn error(error: &tokio_postgres::Error) -> StoreError {
    match error.as_db_error() {
        // The server ends the connection: it shuts down, or somebody ended the backend.
        Some(said) if said.code().code().starts_with("57P") => StoreError::Lost(said.message().to_owned()),
        Some(said) => StoreError::Postgres { code: said.code().code().to_owned(), message: said.message().to_owned() },
        None if error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>()) => {
            StoreError::Lost(error.to_string())
        }
        None => StoreError::Postgres { code: String::new(), message: error.to_string() },
    }
}
