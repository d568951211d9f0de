use crate::commands::{Context, Open};
use crate::failure::Outcome;
use crate::home::{Home, template};

/// Make a home: settings, recipes and keys
///
/// The home is the folder named with --home, or the current one. Nothing is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mandat init --home plaza")]
pub(crate) struct Args {}

pub(crate) fn run(ctx: &Context, _: &Args) -> Outcome {
    let named = ctx.global.home.as_deref().or(ctx.around.home.as_deref());
    let root = named.map_or_else(|| ctx.around.folder.clone(), |home| ctx.around.folder.join(home));
    let home = Home::create(&root, &template())?;
    Open::new(home.clone(), &ctx.around)?.create_ledger()?;
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
