//! Reads one line of JSON into [`Raw`] in one pass, through the map, borrowing what it can.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::field::{Field, Kind};
use super::raw::{Class, Names, Raw};
use super::reject::Reason;
use crate::map::{Map, Use};

/// How a line is read.
pub struct Reader<'m> {
    /// The map.
    pub map: &'m Map,
    /// Unknown fields reject.
    pub strict: bool,
}

impl Reader<'_> {
    /// Reads a line; what was read before an error stays in `raw`.
    ///
    /// # Errors
    /// The reason for rejecting it.
    pub fn read<'a>(&self, line: &'a str, raw: &mut Raw<'a>, names: &mut Names) -> Result<(), Reason> {
        raw.clear(self.map);
        self.parse(line, false, raw, names)?;
        raw.complete(self.map);
        raw.problem.map_or(Ok(()), Err)
    }

    /// Reads what can be read of a bad line, to know at least which record it is about.
    pub fn salvage<'a>(&self, line: &'a str, raw: &mut Raw<'a>) {
        raw.clear(self.map);
        // A bad line is salvaged for its ids alone: whatever else is wrong has been reported.
        let _ = self.parse(line, true, raw, &mut Names::default());
        raw.complete(self.map);
    }

    fn parse<'a>(&self, line: &'a str, lenient: bool, raw: &mut Raw<'a>, names: &mut Names) -> Result<(), Reason> {
        let mut json = serde_json::Deserializer::from_str(line);
        let mut current = None;
        let seed = Object { reader: self, lenient, raw, names, current: &mut current };
        let result = seed.deserialize(&mut json).and_then(|()| json.end());
        match (result, current) {
            (Ok(()), _) => Ok(()),
            (Err(e), Some(field)) if e.is_data() => Err(Reason::WrongType(field)),
            (Err(e), None) if e.is_data() => Err(Reason::NotAnObject),
            (Err(_), _) => Err(Reason::BadJson),
        }
    }
}

struct Object<'r, 'm, 'a> {
    reader: &'r Reader<'m>,
    lenient: bool,
    raw: &'r mut Raw<'a>,
    names: &'r mut Names,
    current: &'r mut Option<Field>,
}

impl<'a> DeserializeSeed<'a> for Object<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Object<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let (reader, lenient) = (self.reader, self.lenient);
        while let Some(key) = entries.next_key_seed(Key { reader, names: self.names })? {
            *self.current = None;
            match key {
                Found::Known(usage) => self.known(usage, &mut entries)?,
                Found::Unknown(class) => {
                    match class {
                        Class::Near(field) => self.raw.fail(Reason::NearMiss(field)),
                        Class::Extra if reader.strict && !lenient => self.raw.fail(Reason::UnknownField),
                        Class::Extra => {}
                    }
                    entries.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Object<'_, '_, 'a> {
    fn known<A: MapAccess<'a>>(&mut self, usage: Use, entries: &mut A) -> Result<(), A::Error> {
        let Some(field) = usage.field else {
            match usage.slot {
                Some(slot) => self.raw.slots[slot] = entries.next_value_seed(Single)?.ok(),
                None => drop(entries.next_value::<IgnoredAny>()?),
            }
            return Ok(());
        };
        self.raw.see(field);
        match field.kind() {
            Kind::Text | Kind::Time => match entries.next_value_seed(Single)? {
                Ok(text) => {
                    if let Some(slot) = usage.slot {
                        self.raw.slots[slot] = Some(text.clone());
                    }
                    self.raw.set(field, text);
                }
                Err(Odd::Null) => {}
                Err(Odd::Type) => self.raw.fail(Reason::WrongType(field)),
            },
            Kind::List => entries.next_value_seed(List { field, raw: self.raw })?,
            Kind::Spans | Kind::Media if self.lenient => drop(entries.next_value::<IgnoredAny>()?),
            Kind::Spans => {
                *self.current = Some(field);
                self.raw.spans = entries.next_value::<Option<Vec<_>>>()?.unwrap_or_default();
            }
            Kind::Media => {
                *self.current = Some(field);
                self.raw.media = entries.next_value::<Option<Vec<_>>>()?.unwrap_or_default();
            }
        }
        Ok(())
    }
}

enum Found {
    Known(Use),
    Unknown(Class),
}

struct Key<'r, 'm> {
    reader: &'r Reader<'m>,
    names: &'r mut Names,
}

impl<'a> DeserializeSeed<'a> for Key<'_, '_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Found, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Found, E> {
        let known = self.reader.map.usage(name).map(Found::Known);
        Ok(known.unwrap_or_else(|| Found::Unknown(self.names.meet(name, self.reader.map))))
    }
}

/// A value that is not a string.
enum Odd {
    Null,
    Type,
}

/// Reads a string without failing on other types, so that the rest of the line is still read.
struct Single;

impl<'a> DeserializeSeed<'a> for Single {
    type Value = Result<Cow<'a, str>, Odd>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Single {
    type Value = Result<Cow<'a, str>, Odd>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Ok(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Ok(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Err(Odd::Null))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Err(Odd::Type))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Err(Odd::Type))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Err(Odd::Type))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Err(Odd::Type))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Err(Odd::Type))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Err(Odd::Type))
    }
}

/// Reads a list of strings.
struct List<'r, 'a> {
    field: Field,
    raw: &'r mut Raw<'a>,
}

impl<'a> DeserializeSeed<'a> for List<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Value<'a> {
            #[serde(borrow)]
            List(Vec<Item<'a>>),
            Null,
            Other(IgnoredAny),
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Item<'a> {
            Text(#[serde(borrow)] Cow<'a, str>),
            Other(IgnoredAny),
        }
        match Value::deserialize(json)? {
            Value::List(items) => {
                for item in items {
                    match item {
                        Item::Text(text) => self.raw.push(self.field, text),
                        Item::Other(_) => self.raw.fail(Reason::WrongType(self.field)),
                    }
                }
            }
            Value::Null => {}
            Value::Other(_) => self.raw.fail(Reason::WrongType(self.field)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<(), Reason>) {
        let map = Map::default();
        let (mut raw, mut names) = (Raw::default(), Names::default());
        let read = Reader { map: &map, strict: false }.read(line, &mut raw, &mut names);
        assert_eq!(read, expected, "{line}");
    }

    #[test]
    fn reasons_name_the_field() {
        check(r#"{"id":"1","mentions":["a"],"quoted_text":[{"start":0,"end":1}],"likes":{"a":[1]}}"#, Ok(()));
        check(r#"{"id":null,"mentions":null}"#, Ok(()));
        check(r#"{"id":1}"#, Err(Reason::WrongType(Field::Id)));
        check(r#"{"id":["1"]}"#, Err(Reason::WrongType(Field::Id)));
        check(r#"{"mentions":"a"}"#, Err(Reason::WrongType(Field::Mentions)));
        check(r#"{"mentions":["a",1]}"#, Err(Reason::WrongType(Field::Mentions)));
        check(r#"{"quoted_text":[{"start":-1,"end":1}]}"#, Err(Reason::WrongType(Field::QuotedText)));
        check(r#"{"media":{}}"#, Err(Reason::WrongType(Field::Media)));
        check(r#"{"audiance":"public"}"#, Err(Reason::NearMiss(Field::Audience)));
        check(r#"{"id":"1","id":"2"}"#, Err(Reason::Twice(Field::Id)));
        check(r#"{"text":"a\u0000b"}"#, Err(Reason::Nul));
        check("[1]", Err(Reason::NotAnObject));
        check("{\"id\":\"1\"", Err(Reason::BadJson));
        check("{\"id\":\"1\"} x", Err(Reason::BadJson));
    }

    #[test]
    fn a_bad_line_still_tells_its_ids() {
        let map = Map::default();
        let mut raw = Raw::default();
        let reader = Reader { map: &map, strict: true };
        reader.salvage(r#"{"platform":"x","media":3,"id":"17","extra":1,"text":"cut of"#, &mut raw);
        assert_eq!((raw.get(Field::Platform), raw.get(Field::Id)), (Some("x"), Some("17")));
    }
}
