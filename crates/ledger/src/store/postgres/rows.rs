//! Rows as they come in; whoever asks something else meanwhile finds the rest taken in before.

use std::collections::VecDeque;
use std::pin::Pin;

use futures_util::{FutureExt, StreamExt};
use hashbrown::HashMap;
use tokio_postgres::{Row, RowStream, Statement};

use super::{Session, as_sql};
use crate::store::{StoreError, Value};

/// Rows taken in at once.
const SOME: usize = 512;

/// What is being read on a connection: answers come one after the other.
#[derive(Default)]
pub(super) struct Reading {
    last: u64,
    open: Option<(u64, Pin<Box<RowStream>>)>,
    /// The rest of what was open when another request came.
    spilled: HashMap<u64, VecDeque<Row>>,
}

/// The rows that a statement gives.
pub(crate) struct Rows<'s> {
    session: &'s Session,
    number: u64,
    ready: VecDeque<Row>,
    current: Option<Row>,
}

impl Session {
    pub(super) fn read(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Rows<'_>, StoreError> {
        let stream = self.wait(self.client.query_raw(statement, values.iter().map(as_sql)))?;
        let mut reading = self.reading.borrow_mut();
        reading.last += 1;
        let number = reading.last;
        reading.open = Some((number, Box::pin(stream)));
        Ok(Rows { session: self, number, ready: VecDeque::new(), current: None })
    }

    /// Takes in what is still to come, so that another request can be made.
    pub(super) fn spill(&self) -> Result<(), StoreError> {
        let Some((number, mut stream)) = self.reading.borrow_mut().open.take() else { return Ok(()) };
        let mut rest = VecDeque::new();
        while !self.some(&mut stream, &mut rest)? {}
        self.reading.borrow_mut().spilled.insert(number, rest);
        Ok(())
    }

    /// Adds some rows; `true` if these were the last: then nothing more may be asked of the stream.
    fn some(&self, stream: &mut Pin<Box<RowStream>>, rows: &mut VecDeque<Row>) -> Result<bool, StoreError> {
        self.wait(async {
            let Some(first) = stream.next().await else { return Ok(true) };
            rows.push_back(first?);
            for _ in 1..SOME {
                match stream.next().now_or_never() {
                    Some(Some(row)) => rows.push_back(row?),
                    Some(None) => return Ok(true),
                    None => break,
                }
            }
            Ok(false)
        })
    }
}

impl Rows<'_> {
    /// The next row; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<&Row>, StoreError> {
        if self.ready.is_empty() {
            self.ready = self.more()?;
        }
        self.current = self.ready.pop_front();
        Ok(self.current.as_ref())
    }

    fn more(&self) -> Result<VecDeque<Row>, StoreError> {
        let open = self.session.reading.borrow_mut().open.take();
        match open {
            Some((number, mut stream)) if number == self.number => {
                let mut rows = VecDeque::new();
                if !self.session.some(&mut stream, &mut rows)? {
                    self.session.reading.borrow_mut().open = Some((number, stream));
                }
                Ok(rows)
            }
            other => {
                let mut reading = self.session.reading.borrow_mut();
                reading.open = other;
                Ok(reading.spilled.remove(&self.number).unwrap_or_default())
            }
        }
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        let mut reading = self.session.reading.borrow_mut();
        reading.open.take_if(|(number, _)| *number == self.number);
        reading.spilled.remove(&self.number);
    }
}
