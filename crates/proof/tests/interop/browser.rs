//! The second verifier, `verify/verify.html`, in a real browser, over the same frozen samples as the first.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use mandat_proof::{Receipt, sha256, verify_receipt};
use serde_json::{Value, json};

use super::tool;

const MISSING: &str =
    "Chromium is not installed; install the Debian package chromium (`cargo xtask ci --only install`)";

/// Runs in the page: judges every sample and writes the verdicts where the test finds them.
const JUDGE: &str = r##"
(async () => {
  const { trust, receipts, members, latest, documents } = JSON.parse(document.getElementById("vectors").textContent);
  const verdicts = [];
  const judge = async (list, check) => {
    for (const sample of list) {
      verdicts.push(await check(sample).catch((error) => ({ refused: error.message })));
    }
  };
  await judge(receipts, async ({ receipt }) => {
    const { kind, hour, index, content } = await mandat.verifyReceipt(receipt, trust);
    return { kind, hour, index: Number(index), content };
  });
  await judge(members, async ({ revision, kind, secret, proof }) => {
    const { number } = await mandat.verifyMembership(revision, kind, secret, proof, trust);
    return number === null ? "absent" : { present: number };
  });
  await judge(latest, async ({ act, n, secret, marks, proof }) =>
    Number(await mandat.verifyLatest(act, n, secret, marks, proof, trust)));
  if (documents) {
    await judge(documents.receipts, async ({ text }) => {
      await mandat.verifyDocument(text, trust);
      return "verified";
    });
    await judge(documents.members, async ({ text }) => {
      const { number } = await mandat.verifyMembershipFile(text, trust);
      return number === null ? "absent" : { present: number };
    });
  }
  const { receipt } = receipts[0];
  document.getElementById("log").value = trust.log[0];
  document.getElementById("receipt").value = receipt;
  const output = document.getElementById("receipt-result");
  document.querySelector("#receipt-form button").click();
  while (output.textContent === "") await new Promise((done) => setTimeout(done, 10));
  verdicts.push(output.className + ": " + output.textContent.split("\n")[0]);
  const bytes = new TextEncoder().encode(JSON.stringify(verdicts));
  document.body.dataset.verdicts = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
})();
"##;

#[test]
fn the_second_verifier_judges_every_frozen_sample_alike() {
    let mut probe = Command::new("chromium");
    probe.arg("--version");
    if tool::find(probe, MISSING).is_none() {
        return;
    }
    let samples = fs::read_to_string(tool::source("../vectors/log.json")).unwrap();
    let vectors: Value = serde_json::from_str(&samples).unwrap();
    let verdicts = judged_in_browser(&samples);
    let cases: Vec<&Value> =
        ["receipts", "members", "latest"].iter().flat_map(|list| vectors[list].as_array().unwrap()).collect();
    assert_eq!(verdicts.len(), cases.len() + 1);
    for (case, verdict) in cases.iter().zip(&verdicts) {
        if case["expect"] == json!("refused") {
            assert!(verdict["refused"].is_string(), "{}: {verdict}", case["name"]);
        } else {
            assert_eq!(*verdict, case["expect"], "{}", case["name"]);
        }
    }
    assert_eq!(verdicts[cases.len()], json!("yes: Verified."), "the form itself");
}

#[test]
fn documents_are_held_against_the_proof_inside_them() {
    let mut probe = Command::new("chromium");
    probe.arg("--version");
    if tool::find(probe, MISSING).is_none() {
        return;
    }
    let read =
        |name: &str| -> Value { serde_json::from_str(&fs::read_to_string(tool::source(name)).unwrap()).unwrap() };
    let documents = read("../vectors/documents.json");
    let vectors = json!({"trust": documents["trust"], "receipts": [{"receipt": documents["receipt"]}], "members": [],
        "latest": [], "documents": documents});
    let verdicts = judged_in_browser(&vectors.to_string());
    let cases: Vec<&Value> =
        ["receipts", "members"].iter().flat_map(|list| documents[list].as_array().unwrap()).collect();
    assert_eq!(verdicts.len(), cases.len() + 2);
    for (case, verdict) in cases.iter().zip(&verdicts[1..]) {
        if case["expect"] == json!("refused") {
            assert!(verdict["refused"].is_string(), "{}: {verdict}", case["name"]);
        } else {
            assert_eq!(*verdict, case["expect"], "{}", case["name"]);
        }
    }
}

#[test]
fn both_verifiers_judge_changed_receipts_alike() {
    let mut probe = Command::new("chromium");
    probe.arg("--version");
    if tool::find(probe, MISSING).is_none() {
        return;
    }
    let samples = fs::read_to_string(tool::source("../vectors/log.json")).unwrap();
    let mut vectors: Value = serde_json::from_str(&samples).unwrap();
    let trust = super::vectors::trust(&vectors);
    let (mut changed, mut expected) = (vec![vectors["receipts"][0].clone()], vec![true]);
    for round in 0..600_u32 {
        // The one with a stranger's line, in which some bits may change, and the one in a batch.
        let from = if round % 3 == 0 { 1 } else { 3 };
        let mut bytes = vectors["receipts"][from]["receipt"].as_str().unwrap().as_bytes().to_vec();
        let dice = sha256(&round.to_be_bytes()).0;
        let at = u32::from_be_bytes([dice[0], dice[1], dice[2], dice[3]]) as usize % bytes.len();
        match dice[4] % 4 {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, bytes[usize::from(dice[5])]),
            _ => bytes[at] ^= 1 << (dice[5] % 7),
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        expected.push(text.parse::<Receipt>().is_ok_and(|receipt| verify_receipt(&receipt, &trust).is_ok()));
        changed.push(json!({"name": "changed", "receipt": text}));
    }
    let texts: Vec<_> = changed.iter().map(|case| case["receipt"].as_str().unwrap().to_owned()).collect();
    vectors["receipts"] = Value::Array(changed);
    vectors["members"] = json!([]);
    vectors["latest"] = json!([]);
    let verdicts = judged_in_browser(&vectors.to_string());
    assert_eq!(verdicts.len(), expected.len() + 1);
    for ((verdict, held), text) in verdicts.iter().zip(&expected).zip(&texts) {
        assert_eq!(verdict["refused"].is_null(), *held, "{verdict} for\n{text}");
    }
    assert!(expected[1..].contains(&true), "a stranger's line may change");
}

/// Opens the page from a file, with the samples and the judge behind it.
fn judged_in_browser(samples: &str) -> Vec<Value> {
    let page = fs::read_to_string(tool::source("../../verify/verify.html")).unwrap();
    let samples = samples.replace("</", "<\\/");
    let added =
        format!("<script type=\"application/json\" id=\"vectors\">{samples}</script><script>{JUDGE}</script></body>");
    let folder = tool::scratch();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let run = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let file = folder.join(format!("verify-{run}.html"));
    fs::write(&file, page.replace("</body>", &added)).unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join(format!("profile-{run}")).display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    fs::remove_file(&file).unwrap();
    // What the browser leaves behind is of no interest, nor is whether it is gone already.
    let _ = fs::remove_dir_all(folder.join(format!("profile-{run}")));
    let dom = String::from_utf8(output.stdout).unwrap();
    let (_, rest) = dom.split_once("data-verdicts=\"").expect("the page wrote its verdicts");
    let (digits, _) = rest.split_once('"').unwrap();
    let bytes: Vec<u8> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
    serde_json::from_slice(&bytes).unwrap()
}
