use mandat_core::proof::NoteSigner;
use mandat_ledger::{Ledger, LedgerError, PostgresUrl};

use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::home::{Home, place_of, template};

/// Make a home: settings, recipes and keys
///
/// The home is the folder named with --home, or the current one. Nothing is overwritten.
///
/// The ledger is an SQLite file in the home. With --ledger, or MANDAT_LEDGER_URL, it is a schema of a PostgreSQL server (14 or
/// later; `schema=` in the URL, or `mandat`), which is made if it is not there. A URL with a password belongs into the variable: it is
/// refused here.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat init --home plaza\n  mandat init --origin log.example.org/choices\n  \
    mandat init --home plaza --ledger 'postgresql:///mandat?host=/run/postgresql&schema=plaza'")]
pub(crate) struct Args {
    /// Name of the transparency log, which nobody else's has and which never changes (default: made of the keys)
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Keep the ledger on this PostgreSQL server
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Outcome {
    let named = ctx.global.home.as_deref().or(ctx.around.home.as_deref());
    let root = named.map_or_else(|| ctx.around.folder.clone(), |home| ctx.around.folder.join(home));
    let mut settings = template();
    if let Some(origin) = &args.origin {
        check(origin)?;
        settings = settings.replace("#origin = \"\"", &format!("origin = {origin:?}"));
    }
    if let Some(url) = &args.ledger {
        check_url(url)?;
        settings = settings.replacen(
            "#ledger = \"ledger.sqlite\"",
            &format!("ledger = {}", toml::Value::from(url.as_str())),
            1,
        );
    }
    if let Some(written) = ctx.around.ledger_url.as_ref().map(|url| &url.0).or(args.ledger.as_ref()) {
        // Before anything is written: a server that is not there must not leave half a home.
        Ledger::check_vacant(&place_of(&root, written)?).map_err(|e| {
            let exit = if matches!(e, LedgerError::Url { .. }) { Exit::BadInput } else { Exit::Refused };
            from_library(exit, &e)
        })?;
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

/// A URL that may stand in a file.
fn check_url(url: &str) -> Outcome<()> {
    let parsed = PostgresUrl::parse(url).map_err(|e| from_library(Exit::Usage, &e))?;
    if parsed.to_string() == url {
        return Ok(());
    }
    Err(Failure::usage(
        "the URL of --ledger holds a password, which would stand in a file and in the list of processes",
    )
    .hint("give the whole URL in MANDAT_LEDGER_URL instead, here and for every later command"))
}
