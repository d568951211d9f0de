use mandat_core::packs::Packs;
use mandat_core::packs::{Pack, Severity, check, sign};
use serde_json::json;

use crate::commands::Context;
use crate::failure::{Failure, OrFail, Outcome};
use crate::home::Home;
use crate::rules::complain;
use crate::signatures::{own, signature_path};

/// Sign packs of the home, so that plans and builds may use them
///
/// The signature is written beside the pack, `packs/NAME.sig`, and binds everything that decides. Packs that
/// come with Mandat need none. Other people's keys count once their line stands in a file `keys/trusted/NAME.pub`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mandat packs sign own-rules\n  mandat packs sign --key > our-key.pub")]
pub(super) struct Args {
    /// Names of packs in the home's packs/
    #[arg(value_name = "PACK", required_unless_present = "key")]
    packs: Vec<String>,
    /// Print the home's public key, for others to trust
    #[arg(long, conflicts_with = "packs")]
    key: bool,
}

pub(super) fn run(ctx: &Context, args: &Args) -> Outcome {
    let home = Home::find(ctx.global.home.as_deref(), &ctx.around)?;
    let signer = own(&home)?;
    let ui = &ctx.ui;
    if args.key {
        ui.line(&signer.public().to_string());
        ui.answer(&json!({"key": signer.public().to_string()}));
        return Ok(());
    }
    // All are read before the first is signed.
    let packs: Vec<Pack> = args.packs.iter().map(|name| read(&home, name)).collect::<Outcome<_>>()?;
    let mut signed = Vec::new();
    for pack in &packs {
        let path = signature_path(&home, &pack.id);
        let note = sign(pack, &signer).or_refuse(|| format!("cannot sign `{}`", pack.id))?;
        mandat_ledger::durable::replace(&path, &mut |out| out.write_all(note.as_bytes()))
            .or_refuse(|| format!("cannot write `{}`", path.display()))?;
        ui.line(&format!("{} {}@{}: {}", ui.t("signed", "unterschrieben:"), pack.id, pack.version, path.display()));
        signed.push(
            json!({"pack": pack.id, "version": pack.version, "sha256": pack.digest().to_string(), "signature": path}),
        );
    }
    ui.answer(&json!({"key": signer.public().to_string(), "signed": signed}));
    Ok(())
}

/// A pack of the home that contradicts nothing, not even itself.
fn read(home: &Home, name: &str) -> Outcome<Pack> {
    let path = home.root.join("packs").join(format!("{name}.toml"));
    if !home.own_packs().iter().any(|own| own == name) {
        return Err(Failure::bad_input(format!("there is no pack `{}`", path.display()))
            .hint("only packs of the home are signed; those that come with Mandat need no signature"));
    }
    let text = std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
    let file = format!("packs/{name}.toml");
    let packs = Packs::load(&[(&file, &text)]).map_err(|found| complain(&found))?;
    let pack = packs.packs[0].clone();
    if pack.id != name {
        return Err(
            Failure::bad_input(format!("`{file}` holds the pack `{}`", pack.id)).hint("name the file like the pack")
        );
    }
    let wrong: Vec<_> =
        check(&packs, None).into_iter().filter(|f| f.severity == Severity::Error && f.rule.is_some()).collect();
    if let Some(first) = wrong.first() {
        return Err(Failure::refused(format!("{}:{}:{}: {}", first.file, first.line, first.column, first.message))
            .hint("mandat packs check shows everything to mend before it is signed"));
    }
    Ok(pack)
}
