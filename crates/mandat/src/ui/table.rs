//! Plain tables: columns by blanks, numbers to the right, the last column wraps.

/// Rows under headings.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    heads: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table; a head that ends in `>` names a column of numbers.
    pub(crate) fn new(heads: &[&str]) -> Self {
        Self {
            heads: heads.iter().map(|h| h.trim_end_matches('>').to_owned()).collect(),
            right: heads.iter().map(|h| h.ends_with('>')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// When it has more cells than there are heads.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        let cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        assert!(cells.len() <= self.heads.len(), "bug: a row is wider than its table");
        self.rows.push(cells);
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table in at most this many columns of characters.
    pub(crate) fn render(&self, width: usize) -> String {
        let widths = self.widths();
        let before: usize = widths.iter().rev().skip(1).map(|w| w + 2).sum();
        let last = width.saturating_sub(before).max(24);
        let mut out = String::new();
        let rules: Vec<String> = widths.iter().map(|w| "-".repeat((*w).min(last))).collect();
        for row in [&self.heads, &rules].into_iter().chain(&self.rows) {
            self.render_row(row, &widths, before, last, &mut out);
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let wide = |index: usize| {
            let cells = self.rows.iter().filter_map(|r| r.get(index));
            cells.chain(self.heads.get(index)).map(|c| c.chars().count()).max().unwrap_or(0)
        };
        (0..self.heads.len()).map(wide).collect()
    }

    fn render_row(&self, row: &[String], widths: &[usize], before: usize, last: usize, out: &mut String) {
        for (index, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[index].saturating_sub(cell.chars().count()));
            if index + 1 == widths.len() && !self.right[index] {
                out.push_str(&wrap(cell, last).join(&format!("\n{}", " ".repeat(before))));
            } else if self.right[index] {
                out.push_str(&format!("{pad}{cell}  "));
            } else {
                out.push_str(&format!("{cell}{pad}  "));
            }
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
}

/// Breaks a text at blanks into lines of at most `width` characters.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("never empty");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_the_last_wraps() {
        let mut table = Table::new(&["reason", "records>", "meaning"]);
        table.row(["MINOR", "1,204", "too young"]);
        table.row(["OBJECTED", "7", "said no and that is the end of it for now"]);
        let expected = "\
reason    records  meaning
--------  -------  ------------------------
MINOR       1,204  too young
OBJECTED        7  said no and that is the
                   end of it for now
";
        assert_eq!(table.render(40), expected);
    }
}
