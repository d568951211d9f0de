use crate::start::empty;

/// Every command a person can call, as the program itself lists them.
fn commands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    list.filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next().map(str::to_owned))
        .filter(|name| name != "help")
        .collect()
}

#[test]
fn every_command_and_every_part_of_it_shows_an_example() {
    let (cli, _folder) = empty();
    let top = cli.run(&["--help"]).done().says("Examples:").stdout;
    let names = commands(&top);
    for wanted in [
        "init", "demo", "ingest", "people", "notices", "choices", "packs", "plan", "build", "report", "export",
        "explain", "config", "doctor", "log", "verify", "prove", "audit",
    ] {
        assert!(names.iter().any(|n| n == wanted), "{wanted} is not in the help");
    }
    for name in names {
        let help = cli.run(&[&name, "--help"]).done().says(&format!("mandat {name}"));
        assert!(help.stdout.contains("Example"), "`mandat {name} --help` has no example");
        for part in commands(&help.stdout) {
            drop(cli.run(&[&name, &part, "--help"]).done().says(&format!("mandat {name} {part}")).says("Example"));
        }
    }
}

#[test]
fn a_wrong_call_ends_with_2_and_a_wrong_clock_too() {
    let (cli, _folder) = empty();
    drop(cli.run(&["frobnicate"]).ended(2).says("unrecognized subcommand"));
    drop(cli.run(&[]).ended(2).says("Usage:"));
    drop(cli.with("MANDAT_NOW", "noon").run(&["init"]).ended(2).says("MANDAT_NOW"));
}
