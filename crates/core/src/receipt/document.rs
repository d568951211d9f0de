//! A receipt as a JSON document after ISO/IEC TS 27560 and DPV, made from the receipt and from nothing else.

use serde_json::{Map, Value, json};

use crate::proof::{Checkpoint, EntryKind, Receipt, ReceiptError};
use crate::receipt::sorted_json;

/// Form of the document.
const FORM: &str = "mandat-receipt/1";
/// What its fields are modelled on.
const BASED_ON: &str = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr";
const DPV: &str = "https://w3id.org/dpv#";
const EU_GDPR: &str = "https://w3id.org/dpv/legal/eu/gdpr#";
/// Words of Mandat that DPV has no term for.
const OWN: &str = "https://mandat.example/ns#";
/// The longest document that is looked at, in bytes: a proof and twice its content.
const LIMIT: usize = 8 << 20;

/// Fields that ISO/IEC TS 27560 asks for and the entry of an act does not hold; a document says that it lacks them.
pub const NOT_COVERED: [&str; 6] =
    ["jurisdiction", "lawful_basis", "pii_controllers", "retention_period", "storage_locations", "withdrawal_method"];

/// Why a text is no receipt's document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptDocumentError {
    /// Not JSON, or without a proof.
    #[error("not the document of a receipt; expected JSON with the field `proof`")]
    Form,
    /// The proof inside.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// What it says is not what its proof covers.
    #[error("the document says something else than the proof inside it covers; ask for it again")]
    Changed,
}

/// The word of a kind of entry.
#[must_use]
pub const fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Choice => "choice",
        EntryKind::Delivery => "delivery",
        EntryKind::Tombstone => "tombstone",
        EntryKind::Batch => "batch",
        EntryKind::Notice => "notice",
        EntryKind::Order => "order",
        EntryKind::Revision => "revision",
        EntryKind::Exclusion => "exclusion",
        EntryKind::Packs => "packs",
        EntryKind::Marks => "marks",
        EntryKind::Note => "note",
    }
}

/// The document of a receipt, in its one spelling.
///
/// # Errors
/// [`ReceiptDocumentError::Form`] when the content is no text or the checkpoint none.
pub fn receipt_document(receipt: &Receipt) -> Result<String, ReceiptDocumentError> {
    Ok(sorted_json(&document(receipt).ok_or(ReceiptDocumentError::Form)?))
}

/// Reads a document, and refuses it unless every byte of it follows from the proof inside. Whether that proof holds
/// is for [`crate::proof::verify_receipt`] to say.
///
/// # Errors
/// [`ReceiptDocumentError`].
pub fn read_receipt_document(text: &str) -> Result<Receipt, ReceiptDocumentError> {
    if text.len() > LIMIT {
        return Err(ReceiptDocumentError::Form);
    }
    let value: Value = serde_json::from_str(text).map_err(|_| ReceiptDocumentError::Form)?;
    let proof = value.get("proof").and_then(Value::as_str).ok_or(ReceiptDocumentError::Form)?;
    let receipt: Receipt = proof.parse()?;
    if receipt_document(&receipt)? == text { Ok(receipt) } else { Err(ReceiptDocumentError::Changed) }
}

fn document(receipt: &Receipt) -> Option<Value> {
    let says = std::str::from_utf8(&receipt.content).ok()?;
    let (kind, mark) =
        receipt.batch.as_ref().map_or((receipt.entry.kind(), *receipt.entry.mark()), |step| (step.kind, step.mark));
    let head: Checkpoint = receipt.proof.checkpoint.text().parse().ok()?;
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    put("schema_version", FORM.into());
    put("based_on", BASED_ON.into());
    put("receipt_id", format!("urn:sha256:{}", receipt.opening.commit(kind, &receipt.content)).into());
    put("says", says.into());
    put("proof", receipt.to_string().into());
    put("not_covered", json!(NOT_COVERED));
    put(
        "log",
        json!({"origin": head.origin(), "kind": kind_word(kind), "index": receipt.proof.index.to_string(),
            "size": head.size().to_string(), "hours_since_1970": receipt.entry.hour()}),
    );
    if kind.is_personal() {
        put("record_id", format!("urn:sha256:{mark}").into());
        let content: Option<Value> = serde_json::from_str(says).ok();
        if let Some(content) = content.filter(Value::is_object) {
            about(kind, &content, &mut put);
        }
    }
    Some(Value::Object(out))
}

/// What an act says, in the words of the standard.
fn about(kind: EntryKind, content: &Value, put: &mut dyn FnMut(&str, Value)) {
    let act = &content["event"];
    let word = if kind == EntryKind::Tombstone { Some("erased") } else { act["event"].as_str() };
    let Some(word) = word else { return };
    let (event_type, state) = meaning(word);
    let time = act["received"].as_str().or_else(|| content["appended_at"].as_str());
    let person = match (act["platform"].as_str(), act["account"].as_str()) {
        (Some(platform), Some(account)) => Some(format!("{platform}/{account}")),
        _ => None,
    };
    let mut event = Map::new();
    event.insert("event_type".to_owned(), event_type.into());
    let known = [("event_state", state), ("event_time", time.map(str::to_owned)), ("entity_id", person.clone())];
    event.extend(known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
    put("events", json!([event]));
    if let Some(person) = person {
        put("pii_principal_id", person.into());
    }
    if matches!(word, "consent" | "refuse" | "withdraw" | "object" | "restrict") {
        put("processing", processing(act));
    }
}

/// One block a purpose; an act that names none is about all.
fn processing(act: &Value) -> Value {
    let mut common = Map::new();
    if let Some(notice) = act["notice"].as_str() {
        common.insert("privacy_notice".to_owned(), notice.into());
    }
    if let Some(language) = act["language"].as_str() {
        common.insert("language".to_owned(), language.into());
    }
    let categories = words(&act["categories"]);
    if !categories.is_empty() {
        let types: Vec<Value> = categories.iter().map(|word| json!({"pii_type": format!("{OWN}{word}")})).collect();
        common.insert("pii_information".to_owned(), types.into());
    }
    let recipients = words(&act["recipients"]);
    if !recipients.is_empty() {
        common.insert("recipient_third_parties".to_owned(), json!(recipients));
    }
    let mut purposes = words(&act["purposes"]);
    if purposes.is_empty() {
        purposes.push("*");
    }
    let block = |purpose: &str| {
        let mut block = common.clone();
        block.insert("purpose".to_owned(), format!("{OWN}{purpose}").into());
        Value::Object(block)
    };
    purposes.into_iter().map(block).collect()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// Type and state of an act in DPV; a type of our own where DPV has none.
fn meaning(word: &str) -> (String, Option<String>) {
    let (event_type, state) = match word {
        "consent" => ("OptingInToProcess", "ConsentGiven"),
        "refuse" => ("OptingOutFromProcess", "ConsentRefused"),
        "withdraw" => ("WithdrawingFromProcess", "ConsentWithdrawn"),
        "object" => ("ObjectingToProcess", "LegitimateInterestObjected"),
        "erase" => return (format!("{EU_GDPR}A17"), Some(format!("{DPV}RequestAcknowledged"))),
        "restrict" => return (format!("{EU_GDPR}A18"), Some(format!("{DPV}RequestAcknowledged"))),
        "erased" => return (format!("{EU_GDPR}A17"), Some(format!("{DPV}RequestFulfilled"))),
        "notice_delivered" => return (format!("{OWN}notice_delivered"), Some(format!("{DPV}NoticeCommunicated"))),
        other => return (format!("{OWN}{other}"), None),
    };
    (format!("{DPV}{event_type}"), Some(format!("{DPV}{state}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::{
        Checkpoint, Digest, Entry, LogSecret, NoteSigner, SubjectSecret, TlogProof, Trust, leaf_hash, verify_receipt,
    };

    const CONTENT: &str = r#"{"form":"mandat-act/1","position":7,"appended_at":"2026-01-01T00:00:00Z","event":{"event":"object","received":"2025-12-31T23:58:20Z","platform":"x","account":"anna","purposes":["train_generative"],"categories":["post","reply"],"notice":"n1"}}"#;

    fn receipt(kind: EntryKind, content: &str) -> (Receipt, Trust) {
        let secret = LogSecret::new(&SubjectSecret([7; 32]), "log.example/a");
        let entry = Entry::personal(kind, &secret, 3, content.as_bytes(), 495_000).unwrap();
        let signer = NoteSigner::from_seed("log.example/a", &[1; 32]).unwrap();
        let root: Digest = leaf_hash(&entry.to_bytes());
        let checkpoint = Checkpoint::new("log.example/a", 1, root).unwrap().sign(&signer).unwrap();
        let proof = TlogProof { extra: None, index: 0, path: vec![], checkpoint };
        let opening = secret.opening(3);
        let receipt = Receipt { content: content.as_bytes().to_vec(), opening, entry, batch: None, proof };
        (receipt, Trust::in_log(signer.public().clone()))
    }

    #[test]
    fn an_objection_reads_as_the_standard_spells_it() {
        let (receipt, trust) = receipt(EntryKind::Choice, CONTENT);
        let text = receipt_document(&receipt).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["events"][0]["event_type"], "https://w3id.org/dpv#ObjectingToProcess");
        assert_eq!(value["events"][0]["event_state"], "https://w3id.org/dpv#LegitimateInterestObjected");
        assert_eq!(value["events"][0]["event_time"], "2025-12-31T23:58:20Z");
        assert_eq!(value["pii_principal_id"], "x/anna");
        assert_eq!(value["processing"][0]["purpose"], "https://mandat.example/ns#train_generative");
        assert_eq!(value["processing"][0]["pii_information"][1]["pii_type"], "https://mandat.example/ns#reply");
        let read = read_receipt_document(&text).unwrap();
        assert_eq!(read, receipt);
        drop(verify_receipt(&read, &trust).unwrap());
    }

    #[test]
    fn a_tombstone_says_that_the_request_was_fulfilled() {
        let content = r#"{"form":"mandat-tombstone/1","position":9,"appended_at":"2026-01-01T00:00:00Z"}"#;
        let value: Value =
            serde_json::from_str(&receipt_document(&receipt(EntryKind::Tombstone, content).0).unwrap()).unwrap();
        assert_eq!(value["events"][0]["event_type"], "https://w3id.org/dpv/legal/eu/gdpr#A17");
        assert_eq!(value["events"][0]["event_time"], "2026-01-01T00:00:00Z");
    }

    #[test]
    fn no_byte_of_a_document_can_be_changed() {
        let (receipt, trust) = receipt(EntryKind::Choice, CONTENT);
        let whole = receipt_document(&receipt).unwrap().into_bytes();
        for at in 0..whole.len() {
            for bit in [1, 2, 16, 32] {
                let mut bytes = whole.clone();
                bytes[at] ^= bit;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                let held = read_receipt_document(&text).is_ok_and(|read| verify_receipt(&read, &trust).is_ok());
                assert!(!held, "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn nothing_can_be_added_left_out_or_spelt_otherwise() {
        let text = receipt_document(&receipt(EntryKind::Choice, CONTENT).0).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        for field in value.as_object().unwrap().keys() {
            let mut less = value.clone();
            less.as_object_mut().unwrap().remove(field);
            assert!(read_receipt_document(&sorted_json(&less)).is_err(), "{field}");
        }
        let mut more = value.clone();
        more["lawful_basis"] = "eu-gdpr:A6-1-a".into();
        assert!(matches!(read_receipt_document(&sorted_json(&more)), Err(ReceiptDocumentError::Changed)));
        assert!(matches!(read_receipt_document(&value.to_string()), Err(ReceiptDocumentError::Changed)));
        let twice = text.replacen('{', "{\n  \"says\": \"another thing\",", 1);
        assert!(read_receipt_document(&twice).is_err());
        for other in ["", "{}", "[]", "{\"proof\": 3}", "{\"proof\": \"no\"}"] {
            assert!(read_receipt_document(other).is_err(), "{other}");
        }
    }
}
