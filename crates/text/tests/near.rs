//! Near duplicates end to end, on made posts: what is found, what is left alone, and that order does not matter.

use std::collections::BTreeSet;

use mandat_text::fingerprint::{Fingerprint, Fingerprinter, jaccard, similar};
use mandat_text::near::{Band, Cap, Greedy, LEAST, Pair, Window, bands, duplicates};
use proptest::prelude::*;

/// Numbers that look random and are the same everywhere (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % n as u64) as usize
    }

    /// A word, frequent ones far more often.
    fn word(&mut self) -> String {
        let top = 1 + self.below(3000);
        format!("w{}", self.below(top))
    }
}

/// Posts, of which some are copies and some are near copies of earlier ones.
fn posts(count: usize) -> Vec<String> {
    let mut numbers = Numbers(7);
    let mut posts: Vec<String> = Vec::new();
    while posts.len() < count {
        let kind = numbers.below(100);
        if posts.len() > 50 && kind < 40 {
            let mut words: Vec<String> = posts[numbers.below(posts.len())].split(' ').map(str::to_owned).collect();
            let edits = if kind < 5 { 0 } else { 1 + words.len() * numbers.below(3) / 100 };
            for _ in 0..edits {
                let at = numbers.below(words.len());
                words[at] = numbers.word();
            }
            posts.push(words.join(" "));
        } else {
            let length = 1 + numbers.below(10) * numbers.below(14);
            posts.push((0..length).map(|_| numbers.word()).collect::<Vec<_>>().join(" "));
        }
    }
    posts
}

fn read(posts: &[String]) -> (Vec<Fingerprint>, Vec<Vec<u32>>) {
    let mut maker = Fingerprinter::new(11);
    posts
        .iter()
        .map(|p| {
            let (print, pieces) = maker.read(p);
            (print, pieces.to_vec())
        })
        .unzip()
}

fn alike(pieces: &[Vec<u32>], pair: Pair) -> bool {
    similar(&pieces[pair.lower as usize], &pieces[pair.higher as usize], LEAST)
}

#[test]
fn copies_are_found_and_nothing_else_goes() {
    let posts = posts(1500);
    let (prints, pieces) = read(&posts);
    let gone = duplicates(&prints, Cap::default(), |pair| alike(&pieces, pair));
    let (mut near, mut found) = (0, 0);
    for lower in 0..posts.len() {
        for higher in 0..lower {
            if posts[lower] == posts[higher] {
                assert!(gone[lower].is_some(), "an exact copy stays: {lower} of {higher}");
            } else if similar(&pieces[lower], &pieces[higher], LEAST) {
                near += 1;
                found += usize::from(gone[lower].is_some() || gone[higher].is_some());
            }
        }
        if let Some(kept) = gone[lower] {
            assert!(gone[kept as usize].is_none(), "the one it goes for stays");
            assert!(jaccard(&pieces[lower], &pieces[kept as usize]) >= LEAST);
        }
    }
    assert!(near > 100, "{near} near pairs are too few to say anything");
    assert!(found * 100 >= near * 98, "recall {found} of {near}");
}

#[test]
fn thousands_of_copies_and_variants_cost_a_bounded_number_of_comparisons() {
    let base = (0..60).map(|n| format!("wort{n}")).collect::<Vec<_>>().join(" ");
    let posts: Vec<String> = (0..4000).map(|n| if n % 2 == 0 { base.clone() } else { format!("{base} {n}") }).collect();
    let (prints, pieces) = read(&posts);
    let cap = Cap::default();
    let mut sorted: Vec<Band> = (0..).zip(&prints).flat_map(|(n, p)| bands(p, n)).collect();
    sorted.sort_unstable();
    let (mut window, mut pairs) = (Window::new(cap), 0);
    sorted.iter().for_each(|band| window.push(*band, |_| pairs += 1));
    assert!(pairs <= sorted.len() * (cap.first + cap.recent), "{pairs}");
    let gone = duplicates(&prints, cap, |pair| alike(&pieces, pair));
    assert_eq!(gone.iter().filter(|g| g.is_none()).count(), 1, "all go for the best");
}

/// The rule said directly: without bands and caps, over all pairs.
fn reference(pieces: &[Vec<u32>]) -> Vec<bool> {
    let mut kept: Vec<bool> = Vec::new();
    for lower in 0..pieces.len() {
        kept.push(!(0..lower).any(|higher| kept[higher] && jaccard(&pieces[lower], &pieces[higher]) >= LEAST));
    }
    kept
}

proptest! {
    #[test]
    fn greedy_over_all_pairs_is_the_rule(texts in prop::collection::vec("[ab]{1,3}( [ab]{1,2}){0,12}", 1..25)) {
        let (_, pieces) = read(&texts);
        let mut greedy = Greedy::new();
        for lower in 0..texts.len() as u32 {
            for higher in 0..lower {
                let pair = Pair { lower, higher };
                greedy.offer(pair, || jaccard(&pieces[lower as usize], &pieces[higher as usize]) >= LEAST);
            }
        }
        let kept: Vec<bool> = (0..texts.len() as u32).map(|n| !greedy.is_dropped(n)).collect();
        prop_assert_eq!(kept, reference(&pieces));
    }

    /// One record less changes nothing but what it had a say in: those that went for others stay gone.
    #[test]
    fn a_record_without_copies_can_be_forgotten(texts in prop::collection::vec("[a-c]{1,2}( [a-c]{1,2}){0,9}", 2..20), at in 0usize..20) {
        let at = at % texts.len();
        let (prints, pieces) = read(&texts);
        let all = duplicates(&prints, Cap::default(), |pair| alike(&pieces, pair));
        let goes_for_it = all.iter().flatten().any(|kept| *kept as usize == at);
        prop_assume!(!goes_for_it);
        let (mut prints, mut pieces) = (prints, pieces);
        prints.remove(at);
        pieces.remove(at);
        let without = duplicates(&prints, Cap::default(), |pair| alike(&pieces, pair));
        let mut kept: BTreeSet<usize> = (0..texts.len()).filter(|n| all[*n].is_none()).collect();
        kept.remove(&at);
        let still: BTreeSet<usize> =
            (0..without.len()).filter(|n| without[*n].is_none()).map(|n| if n < at { n } else { n + 1 }).collect();
        prop_assert_eq!(kept, still);
    }

    #[test]
    fn any_text_has_a_fingerprint(text in any::<String>()) {
        let mut maker = Fingerprinter::new(1);
        let print = maker.fingerprint(&text);
        prop_assert_eq!(print.exact, maker.fingerprint(&format!("  {text}\u{feff}")).exact);
    }
}
