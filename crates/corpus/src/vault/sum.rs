//! A digest that what it is over can join and leave in any order.

/// A sum of SHA-256 digests modulo 2^256: what is summed can come in any order, and leave again.
///
/// It tells vaults apart that differ by accident or by a change of inputs. It does not bind somebody
/// who holds the key secret and searches for colliding sets; the log of revisions does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RowSum([u64; 4]);

impl RowSum {
    /// From big-endian bytes.
    #[must_use]
    pub(crate) fn from_digest(bytes: [u8; 32]) -> Self {
        let limb = |i: usize| u64::from_be_bytes(bytes[8 * i..8 * i + 8].try_into().expect("eight bytes"));
        Self([limb(3), limb(2), limb(1), limb(0)])
    }

    /// Big-endian bytes.
    #[must_use]
    pub(crate) fn to_digest(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (i, limb) in self.0.iter().rev().enumerate() {
            bytes[8 * i..8 * i + 8].copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }

    /// Adds another sum.
    pub(crate) fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            let (sum, over) = mine.overflowing_add(theirs);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            (*mine, carry) = (sum, over || again);
        }
    }

    /// Takes another sum away.
    pub(crate) fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            let (rest, under) = mine.overflowing_sub(theirs);
            let (rest, again) = rest.overflowing_sub(u64::from(borrow));
            (*mine, borrow) = (rest, under || again);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_can_be_taken_away_in_any_order() {
        let [a, b] = [[0xff; 32], [0x81; 32]].map(RowSum::from_digest);
        let mut sum = RowSum::default();
        sum.add(&a);
        sum.add(&b);
        sum.subtract(&a);
        assert_eq!(sum, b);
        sum.subtract(&b);
        sum.subtract(&a);
        sum.add(&a);
        assert_eq!((sum, b.to_digest()), (RowSum::default(), [0x81; 32]));
    }
}
