//! Links between the project's own pages lead somewhere, down to the heading.

use super::{Findings, Tracked};

/// Follows every relative link of every Markdown file.
pub(super) fn check(files: &[Tracked], findings: &mut Findings) {
    for file in files.iter().filter(|f| f.is_markdown()) {
        for (number, line) in prose(&file.text) {
            for target in targets(line).filter(|t| !t.contains("://") && !t.starts_with("mailto:")) {
                if !leads_somewhere(files, file, target) {
                    findings.add(format!("{}:{number}", file.path), format_args!("the link `{target}` leads nowhere"));
                }
            }
        }
    }
}

/// The lines outside fenced blocks, counted from one.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((number + 1, line))
    })
}

/// What stands in the brackets of `](…)` and in `src="…"`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let after = |open: &'static str, close: char| {
        line.match_indices(open).filter_map(move |(at, _)| {
            let rest = &line[at + open.len()..];
            rest.split_once(close).map(|(target, _)| target)
        })
    };
    after("](", ')').chain(after("src=\"", '"')).chain(after("href=\"", '"'))
}

fn leads_somewhere(files: &[Tracked], from: &Tracked, target: &str) -> bool {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { from.path.clone() } else { resolve(&from.path, path) };
    let folder = format!("{}/", path.trim_end_matches('/'));
    match files.iter().find(|f| f.path == path) {
        Some(page) => anchor.is_empty() || prose(&page.text).any(|(_, line)| slug(line).as_deref() == Some(anchor)),
        None => anchor.is_empty() && files.iter().any(|f| f.path.starts_with(&folder)),
    }
}

/// `../x` from where the page lies.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The anchor of a heading, as code hosts derive it.
fn slug(line: &str) -> Option<String> {
    let title = line.trim_start_matches('#');
    if title.len() == line.len() || !title.starts_with(' ') {
        return None;
    }
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_links_to_files_folders_and_headings() {
        let file = |path: &str, text: &str| Tracked { path: path.to_owned(), text: text.to_owned() };
        let check = |link: &str| {
            let page = file("docs/a.md", &format!("see [x]({link})\n```\n[y](nowhere)\n```\n## Own words\n"));
            let files = [page, file("README.md", "# The Two, `plan` & more\n"), file("docs/sub/b.svg", "")];
            let mut findings = Findings::default();
            super::check(&files, &mut findings);
            findings.0.is_empty()
        };
        for good in
            ["../README.md", "../README.md#the-two-plan--more", "#own-words", "sub", "sub/b.svg", "https://e.eu/x"]
        {
            assert!(check(good), "{good}");
        }
        for bad in ["README.md", "../README.md#other", "#nowhere", "sub/c.svg"] {
            assert!(!check(bad), "{bad}");
        }
    }
}
