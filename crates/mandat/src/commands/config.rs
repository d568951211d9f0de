use crate::commands::Context;
use crate::failure::Outcome;
use crate::home::{DEFAULTS, Home, Setting};
use crate::ui::Table;

/// Print every setting, its value and where it comes from
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat config\n  mandat config --defaults > mandat.toml.example")]
pub(crate) struct Args {
    /// Print the shipped defaults with their comments
    #[arg(long)]
    defaults: bool,
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Outcome {
    let ui = &ctx.ui;
    if args.defaults {
        ui.line(DEFAULTS.trim_end());
        ui.answer(&crate::home::shipped().list());
        return Ok(());
    }
    let home = Home::find(ctx.global.home.as_deref(), &ctx.around)?;
    let settings: Vec<Setting> = home.settings.list();
    let mut table = Table::new(&[
        ui.t("setting", "Einstellung"),
        ui.t("value", "Wert"),
        ui.t("from", "aus"),
        ui.t("meaning", "Bedeutung"),
    ]);
    for setting in &settings {
        let origin = match setting.origin {
            crate::home::Origin::Default => ui.t("default", "Vorgabe"),
            crate::home::Origin::File => "mandat.toml",
        };
        table.row([setting.key.as_str(), &setting.value, origin, &setting.meaning]);
    }
    ui.table(&table);
    ui.answer(&settings);
    Ok(())
}
