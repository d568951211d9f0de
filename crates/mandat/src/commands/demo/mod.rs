//! `mandat demo`: the whole main job in one go, for somebody who has never heard of Mandat.

mod maps;
mod material;
mod steps;
mod tell;

use std::path::{Path, PathBuf};

use crate::commands::{Context, Open};
use crate::failure::{Failure, OrFail, Outcome};
use crate::home::{Home, SETTINGS, template};

/// Show the main job once, from posts to a corpus and back: who is in, who is out, and why
///
/// Makes a home in ./mandat-demo (or --home), invents a small network, or takes your posts and invents
/// people around their authors; then ingest, plan, build, explain, an objection, build again.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mandat demo\n  mandat demo --data posts.jsonl.zst --map samples/maps/irc-ubuntu.toml --home irc-demo"
)]
pub(crate) struct Args {
    /// Work on these posts instead of the sample; facts about people and their choices are invented
    #[arg(long, value_name = "FILE", num_args = 1..)]
    data: Vec<PathBuf>,
    /// How the fields of these files become canonical ones (default: the map of ours that fits)
    #[arg(long, value_name = "MAP", requires = "data")]
    map: Option<PathBuf>,
    /// Throw an earlier demo in the same folder away
    #[arg(long)]
    force: bool,
}

/// The file that makes a home a demo, which --force may throw away.
const MARK: &str = "demo.json";

pub(crate) fn run(ctx: &mut Context, args: &Args) -> Outcome {
    let named = ctx.global.home.clone().unwrap_or_else(|| PathBuf::from("mandat-demo"));
    let root = ctx.path(&named);
    make_room(&root, &named, args.force)?;
    let shown = show(ctx, &root, args);
    if shown.is_err() {
        // Nothing of use was made; the next run shall find the folder free.
        let _left = std::fs::remove_dir_all(&root);
    }
    let shown = shown?;
    tell::goodbye(&ctx.ui, &named, &shown);
    ctx.ui.answer(&tell::as_json(&root, &shown));
    Ok(())
}

/// Makes the home and runs the steps in it.
fn show(ctx: &Context, root: &Path, args: &Args) -> Outcome<steps::Shown> {
    let home = Home::create(root, &settings())?;
    std::fs::write(root.join(MARK), "{\"demo\": true}\n")
        .or_refuse(|| format!("cannot write into `{}`", root.display()))?;
    let open = Open::new(home, &ctx.around)?;
    open.create_ledger(ctx.now())?;
    steps::run(ctx, &open, args)
}

/// Settings of the demo: the assessments that a real operator would have to make are said to be there.
fn settings() -> String {
    let mut text = template();
    for key in ["dpia", "lia", "compatibility"] {
        text = text
            .replace(&format!("#{key} = false"), &format!("{key} = [\"train_generative\"]  # invented for the demo"));
    }
    text
}

/// Refuses to touch what is there, unless it is an earlier demo and --force was given.
fn make_room(root: &Path, named: &Path, force: bool) -> Outcome {
    let here = named.display();
    if !root.exists() || std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_none()) {
        return Ok(());
    }
    if !root.join(MARK).is_file() {
        let what = if root.join(SETTINGS).is_file() { "a home that is no demo" } else { "not empty" };
        return Err(Failure::refused(format!("`{here}` is {what}")).hint("choose another folder with --home"));
    }
    if !force {
        return Err(Failure::refused(format!("the demo has run in `{here}` already")).hint(format!(
            "look around with `mandat plan own-model --home {here}`, or begin anew with `mandat demo --force`"
        )));
    }
    std::fs::remove_dir_all(root).or_refuse(|| format!("cannot remove the earlier demo in `{here}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_says_what_it_invents() {
        let settings = crate::home::Settings::read(&settings(), Path::new("mandat.toml")).unwrap();
        let controller = settings.values.controller.controller();
        assert!(controller.dpia.covers("train_generative") && !controller.dpia.covers("match_jobs"));
    }
}
