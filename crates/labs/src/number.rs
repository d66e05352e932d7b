//! Exact decimal arithmetic for `calc`, `add` and `sum`.

use std::fmt;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::num_traits::{Pow, Zero};
use bigdecimal::{BigDecimal, RoundingMode};

/// A decimal number like `12`, `3.24` or `-6`; sums, differences and products are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(BigDecimal);

/// The digits one number may have; it bounds the work that a message can cause.
const DIGITS_MAX: usize = 100;
/// The significant digits of a quotient that does not end, as in Python's `decimal`.
const QUOTIENT_DIGITS: usize = 28;

/// A division by zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DividedByZero;

impl Number {
    /// Reads an optional sign, digits, and optionally a point and more digits: no exponent, at most 100 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(w, f)| (w, Some(f)));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let well_formed = is_digits(whole) && fraction.is_none_or(is_digits) && unsigned.len() <= DIGITS_MAX + 1;
        if !well_formed {
            return None;
        }
        text.parse().ok().map(Self)
    }

    /// Two numbers parted by spaces or a comma.
    pub fn parse_two(text: &str) -> Option<(Self, Self)> {
        let mut parts = text.split([' ', '\t', ',']).filter(|part| !part.is_empty());
        let (first, second) = (parts.next()?, parts.next()?);
        let commas = text.bytes().filter(|&byte| byte == b',').count();
        if parts.next().is_some() || commas > 1 {
            return None;
        }
        Some((Self::parse(first)?, Self::parse(second)?))
    }

    /// The quotient: exact if it ends, else rounded half to even to 28 significant digits.
    pub fn divide(&self, divisor: &Self) -> Result<Self, DividedByZero> {
        let (mut numerator, scale) = self.0.as_bigint_and_exponent();
        let (mut denominator, divisor_scale) = divisor.0.as_bigint_and_exponent();
        if denominator.is_zero() {
            return Err(DividedByZero);
        }
        if denominator < BigInt::zero() {
            (numerator, denominator) = (-numerator, -denominator);
        }
        let scale = scale - divisor_scale;
        // A quotient that ends has at most as many decimals as the denominator has bits: each takes away a factor 2 or 5.
        let decimals = denominator.bits();
        let raised = &numerator * power_of_ten(decimals);
        if (&raised % &denominator).is_zero() {
            return Ok(Self(BigDecimal::new(raised / denominator, scale + decimals as i64)));
        }
        let wanted = QUOTIENT_DIGITS as u64 + 2 + digits(&denominator);
        let decimals = wanted.saturating_sub(digits(&numerator));
        // It does not end, so a digit behind the last that is neither 0 nor 5 keeps the rounding right.
        let truncated = numerator * power_of_ten(decimals) / denominator;
        let beyond = if truncated < BigInt::zero() { -1 } else { 1 };
        let quotient = BigDecimal::new(truncated * 10 + beyond, scale + decimals as i64 + 1);
        let precision = std::num::NonZeroU64::new(QUOTIENT_DIGITS as u64).unwrap_or(std::num::NonZeroU64::MIN);
        Ok(Self(quotient.with_precision_round(precision, RoundingMode::HalfEven)))
    }
}

fn power_of_ten(exponent: u64) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// At least the decimal digits of an integer, at most one more.
fn digits(integer: &BigInt) -> u64 {
    integer.bits() * 30_103 / 100_000 + 1
}

impl std::ops::Add for Number {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Number {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::ops::Mul for Number {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

/// Without an exponent, and without zeros that say nothing: `0.10` is `0.1`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalized().write_plain_string(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn reads_what_the_labs_send_and_nothing_else() {
        for good in ["12", "3.24", "-6", "+6", "007", "0.10"] {
            assert!(Number::parse(good).is_some(), "{good}");
        }
        for bad in
            ["", "-", ".", "1.", ".5", "1e3", "1e3000000", "0x1f", "1_000", "1,5", " 1", "--1", "٣", "inf", "NaN"]
        {
            assert!(Number::parse(bad).is_none(), "{bad}");
        }
        assert!(Number::parse(&"9".repeat(DIGITS_MAX)).is_some());
        assert!(Number::parse(&"9".repeat(DIGITS_MAX + 2)).is_none());
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!((number("0.1") + number("0.2")).to_string(), "0.3");
        assert_eq!((number("1.50") + number("1.50")).to_string(), "3");
        assert_eq!((number("3.24") - number("45")).to_string(), "-41.76");
        assert_eq!((number("100") * number("54")).to_string(), "5400");
        assert_eq!((number("-1") + number("1")).to_string(), "0");
    }

    #[test]
    fn a_quotient_that_ends_is_exact() {
        assert_eq!(number("4.5").divide(&number("-6")).unwrap().to_string(), "-0.75");
        assert_eq!(number("54").divide(&number("0.01")).unwrap().to_string(), "5400");
        let long = number("1").divide(&number(&(1u64 << 40).to_string())).unwrap();
        assert_eq!(long.to_string(), "0.0000000000009094947017729282379150390625");
        assert_eq!(number("0").divide(&number("7")).unwrap().to_string(), "0");
    }

    #[test]
    fn a_quotient_that_does_not_end_has_28_digits() {
        assert_eq!(number("1").divide(&number("3")).unwrap().to_string(), "0.3333333333333333333333333333");
        assert_eq!(number("-2").divide(&number("3")).unwrap().to_string(), "-0.6666666666666666666666666667");
        assert_eq!(number("200").divide(&number("0.3")).unwrap().to_string(), "666.6666666666666666666666667");
        assert_eq!(number("1").divide(&number("0.0")), Err(DividedByZero));
    }

    proptest::proptest! {
        #[test]
        fn dividing_undoes_multiplying(a in "-?[0-9]{1,20}(\\.[0-9]{1,20})?", b in "-?[1-9][0-9]{0,20}(\\.[0-9]{1,20})?") {
            let product = number(&a) * number(&b);
            let quotient = product.divide(&number(&b)).unwrap();
            proptest::prop_assert_eq!(quotient.to_string(), number(&a).to_string());
        }

        #[test]
        fn whole_numbers_agree_with_the_machine(a in -1_000_000_000i64..1_000_000_000, b in -1_000_000_000i64..1_000_000_000) {
            let (x, y) = (number(&a.to_string()), number(&b.to_string()));
            proptest::prop_assert_eq!((x.clone() + y.clone()).to_string(), (a + b).to_string());
            proptest::prop_assert_eq!((x.clone() - y.clone()).to_string(), (a - b).to_string());
            proptest::prop_assert_eq!((x * y).to_string(), (i128::from(a) * i128::from(b)).to_string());
        }
    }
}
