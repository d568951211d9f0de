use mandat_core::proof::NoteSigner;

use crate::commands::{Context, Open};
use crate::failure::{Failure, Outcome};
use crate::home::{Home, template};

/// Make a home: settings, recipes and keys
///
/// The home is the folder named with --home, or the current one. Nothing is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat init --home plaza\n  mandat init --origin log.example.org/choices")]
pub(crate) struct Args {
    /// Name of the transparency log, which nobody else's has and which never changes (default: made of the keys)
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Outcome {
    let named = ctx.global.home.as_deref().or(ctx.around.home.as_deref());
    let root = named.map_or_else(|| ctx.around.folder.clone(), |home| ctx.around.folder.join(home));
    let mut settings = template();
    if let Some(origin) = &args.origin {
        check(origin)?;
        settings = settings.replace("#origin = \"\"", &format!("origin = {origin:?}"));
    }
    let home = Home::create(&root, &settings)?;
    Open::new(home.clone(), &ctx.around)?.create_ledger(ctx.now())?;
    let ui = &ctx.ui;
    ui.line(&format!("{} {}", ui.t("home made in", "Home angelegt in"), root.display()));
    ui.line(&format!("{} {}", ui.t("recipes:", "Rezepte:"), home.recipes().join(", ")));
    ui.say(ui.t(
        "keep a copy of keys/ in a safe place: without it nobody's records can be found again",
        "Sichern Sie keys/ an einem sicheren Ort: ohne die Schlüssel ist niemandes Beitrag wiederzufinden",
    ));
    ui.say(ui.t("next: mandat ingest FILE…", "Weiter mit: mandat ingest DATEI…"));
    ui.answer(&serde_json::json!({"home": root, "recipes": home.recipes()}));
    Ok(())
}

/// Refuses what is no name before anything is made.
fn check(origin: &str) -> Outcome {
    let plain = NoteSigner::from_seed(origin, &[0; 32]).is_ok() && !origin.chars().any(char::is_control);
    if plain {
        Ok(())
    } else {
        Err(Failure::usage("--origin holds no blanks and no `+`").hint("log.example.org/choices"))
    }
}
