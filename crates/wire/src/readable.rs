//! Can anybody on the path read this? What the bytes themselves say about it.

use std::fmt;

use serde::Serialize;

/// How often two bytes picked from a sample are alike: the index of coincidence (W. Friedman, 1920). In random bytes it is one pair in 256, in
/// English text about one in 15, and it judges fairly at any sample size, which the entropy of few bytes does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Coincidence {
    /// How many bytes were looked at.
    pub bytes: u64,
    pub pairs: u64,
    /// Those of two bytes that are the same.
    pub alike: u64,
}

/// What can be said of bytes that are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// As random bytes look: encrypted or compressed.
    Random,
    /// There is a pattern: somebody who knows the format can read it.
    Pattern,
    /// Too few bytes to tell.
    TooFew,
}

impl Coincidence {
    pub(crate) fn of<'s>(samples: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let mut counts = [0u64; 256];
        let mut bytes = 0;
        for sample in samples {
            bytes += sample.len() as u64;
            for &byte in sample {
                counts[usize::from(byte)] += 1;
            }
        }
        let alike = counts.iter().map(|&count| count * count.saturating_sub(1) / 2).sum();
        Self { bytes, pairs: bytes * bytes.saturating_sub(1) / 2, alike }
    }

    /// Random bytes are called patterned once in some ten thousand samples; English text practically never random.
    pub fn look(self) -> Look {
        const BYTES_LEAST: u64 = 64;
        const DEVIATIONS: f64 = 4.0;
        if self.bytes < BYTES_LEAST {
            return Look::TooFew;
        }
        let expected = self.pairs as f64 / 256.0;
        if (self.alike as f64 - expected).abs() <= DEVIATIONS * expected.sqrt() { Look::Random } else { Look::Pattern }
    }
}

impl fmt::Display for Coincidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {} bytes, two picked blindly are alike ", self.bytes)?;
        match self.pairs.checked_div(self.alike) {
            Some(one_in) => write!(f, "once in {one_in} times")?,
            None => f.write_str("never")?,
        }
        f.write_str("; in random bytes it is once in 256, in English text once in 15")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(bytes: &[u8]) -> Look {
        Coincidence::of([bytes]).look()
    }

    #[test]
    fn random_bytes_look_random_at_every_size() {
        let mut chance = fastrand::Rng::with_seed(7);
        for len in [64, 128, 256, 1024, 4096] {
            let wrong = (0..1000)
                .filter(|_| {
                    let bytes: Vec<u8> = (0..len).map(|_| chance.u8(..)).collect();
                    look(&bytes) != Look::Random
                })
                .count();
            assert!(wrong <= 5, "{wrong} of 1000 at {len} bytes");
        }
    }

    #[test]
    fn patterns_do_not_look_random() {
        let text = b"Anyone here? I was told that there would be cake, and that we all should come to eat it at noon.";
        assert_eq!(look(text), Look::Pattern);
        assert_eq!(look(&(0..=255).collect::<Vec<u8>>().repeat(2)[..400]), Look::Pattern);
        assert_eq!(look(&1u32.to_be_bytes().repeat(16)), Look::Pattern);
    }

    #[test]
    fn few_bytes_are_not_judged() {
        assert_eq!(look(&[1, 2, 3, 250, 17, 99]), Look::TooFew);
        assert_eq!(look(&[]), Look::TooFew);
    }
}
