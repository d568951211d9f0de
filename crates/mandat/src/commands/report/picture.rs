//! Bars as SVG: no script, no font and no file from elsewhere; readable as text by a screen reader.

use std::fmt::Write as _;

use crate::ui::count;

/// A picture of horizontal bars.
pub(super) struct Picture {
    pub(super) title: String,
    pub(super) bars: Vec<Bar>,
    /// Names of the light and the dark part of a bar.
    pub(super) legend: Option<[String; 2]>,
}

/// One bar.
pub(super) struct Bar {
    name: String,
    value: u64,
    /// The dark part of it; all of it where there is none.
    part: Option<u64>,
}

impl Bar {
    pub(super) fn new(name: &str, value: u64, part: Option<u64>) -> Self {
        Self { name: name.to_owned(), value, part }
    }
}

const WIDTH: u64 = 720;
const LEFT: u64 = 210;
const ROW: u64 = 26;
const TOP: u64 = 64;
/// Room for the longest bar; the number stands behind it.
const LONGEST: u64 = 380;

impl Picture {
    /// The picture as a file.
    pub(super) fn svg(&self) -> String {
        let height = TOP + ROW * self.bars.len() as u64 + 16;
        let title = escape(&self.title);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-label=\"{title}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"13\">\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             <text x=\"16\" y=\"28\" font-size=\"17\" font-weight=\"600\" fill=\"#17324d\">{title}</text>\n"
        );
        if let Some([light, dark]) = &self.legend {
            legend(&mut out, 16, "#2f6f9f", dark);
            legend(&mut out, 146, "#c3d5e4", light);
        }
        let most = self.bars.iter().map(|b| b.value).max().unwrap_or(0).max(1);
        for (bar, y) in self.bars.iter().zip((TOP..).step_by(ROW as usize)) {
            bar.draw(&mut out, y, most);
        }
        out.push_str("</svg>\n");
        out
    }
}

fn legend(out: &mut String, x: u64, colour: &str, name: &str) {
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"40\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
         <text x=\"{}\" y=\"51\" fill=\"#46586b\">{}</text>",
        x + 18,
        escape(name)
    );
}

impl Bar {
    fn draw(&self, out: &mut String, y: u64, most: u64) {
        let part = self.part.unwrap_or(self.value);
        let (all, dark) = (length(self.value, most), length(part, most));
        let number = match self.part {
            Some(part) => format!("{} / {}", count(part), count(self.value)),
            None => count(self.value),
        };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#17324d\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{all}\" height=\"18\" fill=\"#c3d5e4\"/>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{dark}\" height=\"18\" fill=\"#2f6f9f\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"#46586b\">{number}</text>",
            LEFT - 8,
            y + 14,
            escape(&self.name),
            LEFT + all + 8,
            y + 14,
        );
    }
}

/// Length of a bar; what is there is seen, however small.
fn length(value: u64, most: u64) -> u64 {
    let length = u128::from(value) * u128::from(LONGEST) / u128::from(most);
    u64::try_from(length).unwrap_or(LONGEST).max(u64::from(value > 0))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_to_scale_and_names_cannot_break_out() {
        let bars = vec![Bar::new("a<b>", 1_000_000, Some(500_000)), Bar::new("c", 1, None), Bar::new("none", 0, None)];
        let legend = Some(["dropped".to_owned(), "kept".to_owned()]);
        let svg = Picture { title: "\"T\" & more".into(), bars, legend }.svg();
        assert!(svg.contains("a&lt;b&gt;") && svg.contains("&quot;T&quot; &amp; more") && !svg.contains("a<b>"));
        assert!(svg.contains("width=\"380\"") && svg.contains("width=\"190\""), "half of it is dark");
        assert!(svg.contains("500,000 / 1,000,000"));
        assert_eq!(([length(1, 1_000_000), length(0, 5)], svg.matches("<rect").count()), ([1, 0], 9));
    }
}
