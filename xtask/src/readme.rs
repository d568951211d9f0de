//! README.md stays true: its commands exist, and its figures stand between markers that tools fill.

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::shell::Cmd;

/// Puts a table between `<!-- NAME:start -->` and `<!-- NAME:end -->`.
pub(crate) fn replace(place: &Place, name: &str, table: &str) -> Result<()> {
    let path = place.root.join("README.md");
    let text = std::fs::read_to_string(&path).context("cannot read README.md")?;
    let replaced =
        between(&text, name, table).with_context(|| format!("README.md has no `<!-- {name}:start -->` and end"))?;
    std::fs::write(&path, replaced).context("cannot write README.md")
}

fn between(text: &str, name: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(&format!("<!-- {name}:start -->"))?;
    let (_, after) = rest.split_once(&format!("<!-- {name}:end -->"))?;
    Some(format!("{before}<!-- {name}:start -->\n{}\n<!-- {name}:end -->{after}", table.trim_end()))
}

/// Holds every command of README.md's `sh` blocks against `--help`; true if all exist.
pub(crate) fn check(place: &Place) -> Result<bool> {
    let text = std::fs::read_to_string(place.root.join("README.md")).context("cannot read README.md")?;
    if !place.binary().is_file() {
        bail!("no release binary; run `cargo xtask ci --only release`");
    }
    let mut ok = true;
    let commands = commands(&text);
    for command in &commands {
        if let Err(err) = exists(place, command) {
            println!("README.md: `{}`: {err:#}", command.join(" "));
            ok = false;
        }
    }
    println!("{} commands of README.md looked up", commands.len());
    Ok(ok && !commands.is_empty())
}

/// The words after `mandat`, or after `cargo xtask` with that in front, of every command line.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut shell = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            shell = language == "sh";
            continue;
        }
        let line = line.split(" #").next().unwrap_or_default().trim();
        let start = ["cargo run --release -- ", "mandat ", "cargo xtask "].iter().find(|s| line.starts_with(**s));
        if let Some(start) = start.filter(|_| shell) {
            let xtask = (*start == "cargo xtask ").then(|| "xtask".to_owned());
            let words = line[start.len()..].split_whitespace().map(str::to_owned);
            found.push(xtask.into_iter().chain(words).collect());
        }
    }
    found
}

/// An error unless help knows the verb and every option.
fn exists(place: &Place, command: &[String]) -> Result<()> {
    let verbs: Vec<_> = command.iter().take_while(|w| w.chars().all(|c| c.is_ascii_lowercase() || c == '-')).collect();
    let verbs: Vec<_> = verbs.into_iter().take_while(|w| !w.starts_with('-')).collect();
    let help = if command[0] == "xtask" { crate::USAGE.to_owned() } else { help(place, &verbs)? };
    if command[0] == "xtask" && !command.get(1).is_some_and(|verb| help.contains(&format!("  {verb} "))) {
        bail!("xtask knows no such verb");
    }
    for option in command.iter().filter(|w| w.starts_with("--")) {
        let option = option.split('=').next().unwrap_or(option);
        if !help.contains(option) {
            bail!("its help does not know `{option}`");
        }
    }
    Ok(())
}

/// Help of the longest run of verbs that there is: `packs test` is a command, `explain` takes words.
fn help(place: &Place, verbs: &[&String]) -> Result<String> {
    for length in (1..=verbs.len().min(2)).rev() {
        let said = Cmd::new(place, place.binary()).args(&verbs[..length]).arg("--help").listen()?;
        if said.ok {
            return Ok(said.text);
        }
    }
    bail!("there is no such command")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_commands_from_shell_blocks_only() {
        let text = "mandat no\n```sh\ncargo run --release -- demo   # minutes\nmandat plan r --json\ncargo xtask ci\nls\n```\n```\nmandat no\n```\n";
        let all: Vec<String> = commands(text).iter().map(|c| c.join(" ")).collect();
        assert_eq!(all, ["demo", "plan r --json", "xtask ci"]);
    }

    #[test]
    fn fills_what_stands_between_markers() {
        let text = "a\n<!-- x:start -->\nold\n<!-- x:end -->\nb";
        assert_eq!(between(text, "x", "new\n").unwrap(), "a\n<!-- x:start -->\nnew\n<!-- x:end -->\nb");
        assert_eq!(between(text, "y", "new"), None);
    }
}
