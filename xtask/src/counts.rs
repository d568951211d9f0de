//! Reads how many tests a runner ran, from what it prints.

/// Tests that passed and failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Sums the closing lines of `cargo test`, nextest and pytest.
pub(crate) fn read(text: &str) -> Counts {
    let mut sum = Counts::default();
    for line in text.lines().map(str::trim).filter(|l| is_closing(l)) {
        sum += Counts { passed: before(line, "passed"), failed: before(line, "failed") };
    }
    sum
}

fn is_closing(line: &str) -> bool {
    let pytest = line.trim_matches('=').trim();
    line.starts_with("test result: ")
        || (line.starts_with("Summary [") && line.contains("tests run:"))
        || (pytest.starts_with(|c: char| c.is_ascii_digit()) && pytest.contains(" in ") && pytest.ends_with('s'))
}

/// The number in front of a word, as in `12 passed`; nextest puts brackets between (`12 passed (1 slow)`).
fn before(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '.' | ':')).collect();
    let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_closing_lines_of_three_runners() {
        let text = "\
running 3 tests
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
     Summary [   0.052s] 12 tests run: 10 passed (1 slow), 2 failed, 0 skipped
=== 1 failed, 4 passed, 1 warning in 2.31s ===
5 passed in 0.12s
nothing 7 passed here
";
        assert_eq!(read(text), Counts { passed: 22, failed: 3 });
        assert_eq!(read("Summary [ 0.1s] 9 tests run: 9 passed, 0 skipped"), Counts { passed: 9, failed: 0 });
        assert_eq!(read(""), Counts::default());
    }
}
