//! Whom a verifier believes: one key, or a policy with witnesses.

use mandat_core::proof::{Checkpoint, NoteKey, Policy, Trust};

use crate::commands::Context;
use crate::failure::{Failure, OrFail};
use crate::ui::Ui;

use super::reason::Refused;

/// What `--key` named.
pub(crate) enum Keys {
    One(NoteKey),
    Policy(Policy),
}

impl Keys {
    /// Reads a key from the command line, or a key or policy from a file.
    pub(crate) fn read(ctx: &Context, named: Option<&str>) -> Result<Self, Refused> {
        let ui = &ctx.ui;
        let Some(named) = named else {
            let failure =
                Failure::usage(ui.t("whose signature shall be believed?", "Wessen Unterschrift soll gelten?"));
            let hint = "--key KEY with the public key of the log, from a place other than the file";
            return Err(Refused::usage(failure.hint(hint)));
        };
        if let Ok(key) = named.parse() {
            return Ok(Self::One(key));
        }
        let path = ctx.path(std::path::Path::new(named));
        let text =
            std::fs::read_to_string(&path).or_bad_input(|| format!("`{named}` is neither a key nor a file with one"));
        let text = text.map_err(Refused::unreadable)?;
        if let Ok(key) = text.trim().parse() {
            return Ok(Self::One(key));
        }
        let policy = text.parse().or_bad_input(|| format!("`{named}` holds neither a key nor a policy"));
        policy.map(Self::Policy).map_err(Refused::unreadable)
    }

    /// What they say about the log of a checkpoint, which is not believed yet.
    pub(crate) fn trust(&self, ui: &Ui, checkpoint: &str) -> Result<Trust, Refused> {
        let policy = match self {
            Self::One(key) => return Ok(Trust::in_log(key.clone())),
            Self::Policy(policy) => policy,
        };
        let text = checkpoint.split_once("\n\n").map_or(checkpoint.to_owned(), |(text, _)| format!("{text}\n"));
        let origin = text.parse::<Checkpoint>().map(|head| head.origin().to_owned()).unwrap_or_default();
        policy.trust(&origin).ok_or_else(|| {
            let words =
                ui.t("not verified: the policy knows no log", "nicht echt: die Richtlinie kennt kein Protokoll");
            Refused::no("unknown_log", Failure::refused(format!("{words} `{origin}`")))
        })
    }
}
