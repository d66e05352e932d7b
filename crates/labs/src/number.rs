//! Exact decimal arithmetic for `calc`, `add` and `sum`.

use std::fmt;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::num_traits::{Pow, Zero};
use bigdecimal::{BigDecimal, RoundingMode};

/// A decimal number like `12`, `3.24` or `-6`; sums, differences and products are exact.
///
/// What people type fits a machine's integer, which is many times faster than a big one; all else is a big decimal.
#[derive(Clone, Debug)]
pub struct Number(Form);

#[derive(Clone, Debug)]
enum Form {
    /// `digits / 10^decimals`, with `decimals` at most [`SMALL_DECIMALS_MAX`].
    Small {
        digits: i128,
        decimals: u32,
    },
    Large(BigDecimal),
}

/// The digits one number may have; it bounds the work that a message can cause.
const DIGITS_MAX: usize = 100;
/// The digits a small number is read with: the product of two still fits.
const SMALL_DIGITS_MAX: usize = 18;
/// The largest power of ten that fits an `i128`.
const SMALL_DECIMALS_MAX: u32 = 38;
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
        if !is_digits(whole) || !fraction.is_none_or(is_digits) {
            return None;
        }
        let fraction = fraction.unwrap_or_default();
        match whole.len() + fraction.len() {
            0..=SMALL_DIGITS_MAX => {
                let value = |digits: i128, byte| digits * 10 + i128::from(byte - b'0');
                let digits = whole.bytes().chain(fraction.bytes()).fold(0, value);
                let digits = if text.starts_with('-') { -digits } else { digits };
                Some(Self::small(digits, fraction.len() as u32))
            }
            count if count <= DIGITS_MAX => text.parse().ok().map(|large| Self(Form::Large(large))),
            _ => None,
        }
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
    ///
    /// # Errors
    /// If the divisor is zero.
    pub fn divide(self, divisor: Self) -> Result<Self, DividedByZero> {
        if let (&Form::Small { digits: a, decimals: ad }, &Form::Small { digits: b, decimals: bd }) =
            (&self.0, &divisor.0)
            && let Some(quotient) = divide_small((a, ad), (b, bd))
        {
            return Ok(quotient);
        }
        divide_large(&self.into_large(), &divisor.into_large())
    }

    fn small(digits: i128, decimals: u32) -> Self {
        Self(Form::Small { digits, decimals })
    }

    fn into_large(self) -> BigDecimal {
        match self.0 {
            Form::Small { digits, decimals } => BigDecimal::new(digits.into(), decimals.into()),
            Form::Large(large) => large,
        }
    }

    /// Joins two numbers by `small` over a common number of decimals if everything fits, else by `large`.
    fn join(
        self,
        other: Self,
        small: fn(i128, i128) -> Option<i128>,
        large: fn(BigDecimal, BigDecimal) -> BigDecimal,
    ) -> Self {
        if let (&Form::Small { digits: a, decimals: ad }, &Form::Small { digits: b, decimals: bd }) =
            (&self.0, &other.0)
        {
            let decimals = ad.max(bd);
            let joined = raise(a, decimals - ad).zip(raise(b, decimals - bd)).and_then(|(a, b)| small(a, b));
            if let Some(digits) = joined {
                return Self::small(digits, decimals);
            }
        }
        Self(Form::Large(large(self.into_large(), other.into_large())))
    }
}

/// Times a power of ten, if that fits.
fn raise(digits: i128, exponent: u32) -> Option<i128> {
    digits.checked_mul(10i128.checked_pow(exponent)?)
}

/// The quotient of small numbers, if it ends soon enough to be small too.
fn divide_small((a, a_decimals): (i128, u32), (b, b_decimals): (i128, u32)) -> Option<Number> {
    const RAISED: u32 = SMALL_DIGITS_MAX as u32;
    let raised = raise(a, RAISED)?;
    if raised.checked_rem(b)? != 0 {
        return None;
    }
    let decimals = (a_decimals + RAISED).checked_sub(b_decimals).filter(|&decimals| decimals <= SMALL_DECIMALS_MAX)?;
    Some(Number::small(raised / b, decimals))
}

fn divide_large(dividend: &BigDecimal, divisor: &BigDecimal) -> Result<Number, DividedByZero> {
    let (mut numerator, scale) = dividend.as_bigint_and_exponent();
    let (mut denominator, divisor_scale) = divisor.as_bigint_and_exponent();
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
        return Ok(Number(Form::Large(BigDecimal::new(raised / denominator, scale + decimals as i64))));
    }
    let wanted = QUOTIENT_DIGITS as u64 + 2 + digits(&denominator);
    let decimals = wanted.saturating_sub(digits(&numerator));
    // It does not end, so a digit behind the last that is neither 0 nor 5 keeps the rounding right.
    let truncated = numerator * power_of_ten(decimals) / denominator;
    let beyond = if truncated < BigInt::zero() { -1 } else { 1 };
    let quotient = BigDecimal::new(truncated * 10 + beyond, scale + decimals as i64 + 1);
    let precision = std::num::NonZeroU64::new(QUOTIENT_DIGITS as u64).unwrap_or(std::num::NonZeroU64::MIN);
    Ok(Number(Form::Large(quotient.with_precision_round(precision, RoundingMode::HalfEven))))
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
        self.join(other, i128::checked_add, std::ops::Add::add)
    }
}

impl std::ops::Sub for Number {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.join(other, i128::checked_sub, std::ops::Sub::sub)
    }
}

impl std::ops::Mul for Number {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        if let (&Form::Small { digits: a, decimals: ad }, &Form::Small { digits: b, decimals: bd }) =
            (&self.0, &other.0)
            && let Some(digits) = a.checked_mul(b)
            && ad + bd <= SMALL_DECIMALS_MAX
        {
            return Self::small(digits, ad + bd);
        }
        Self(Form::Large(self.into_large() * other.into_large()))
    }
}

/// Without an exponent, and without zeros that say nothing: `0.10` is `0.1`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            &Form::Small { digits, decimals } => write_small(digits, decimals, f),
            Form::Large(large) => large.normalized().write_plain_string(f),
        }
    }
}

fn write_small(digits: i128, mut decimals: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut magnitude = digits.unsigned_abs();
    while decimals > 0 && magnitude.is_multiple_of(10) {
        magnitude /= 10;
        decimals -= 1;
    }
    let sign = if digits < 0 { "-" } else { "" };
    if decimals == 0 {
        return write!(f, "{sign}{magnitude}");
    }
    let unit = 10u128.pow(decimals);
    write!(f, "{sign}{}.{:0width$}", magnitude / unit, magnitude % unit, width = decimals as usize)
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
        assert!(Number::parse(&"9".repeat(DIGITS_MAX + 1)).is_none());
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
        assert_eq!(number("4.5").divide(number("-6")).unwrap().to_string(), "-0.75");
        assert_eq!(number("54").divide(number("0.01")).unwrap().to_string(), "5400");
        let long = number("1").divide(number(&(1u64 << 40).to_string())).unwrap();
        assert_eq!(long.to_string(), "0.0000000000009094947017729282379150390625");
        assert_eq!(number("0").divide(number("7")).unwrap().to_string(), "0");
    }

    #[test]
    fn a_quotient_that_does_not_end_has_28_digits() {
        assert_eq!(number("1").divide(number("3")).unwrap().to_string(), "0.3333333333333333333333333333");
        assert_eq!(number("-2").divide(number("3")).unwrap().to_string(), "-0.6666666666666666666666666667");
        assert_eq!(number("200").divide(number("0.3")).unwrap().to_string(), "666.6666666666666666666666667");
        assert_eq!(number("1").divide(number("0.0")).unwrap_err(), DividedByZero);
        assert_eq!(number(&"1".repeat(30)).divide(number("0")).unwrap_err(), DividedByZero);
    }

    /// The same number, computed with as a big one.
    fn large(text: &str) -> Number {
        Number(Form::Large(text.parse().unwrap()))
    }

    proptest::proptest! {
        #[test]
        fn small_and_large_agree(a in "-?[0-9]{1,19}(\\.[0-9]{1,19})?", b in "-?[0-9]{1,19}(\\.[0-9]{1,19})?") {
            for operate in [|a, b| Ok(a + b), |a, b| Ok(a - b), |a, b| Ok(a * b), Number::divide] {
                let told = |result: Result<Number, DividedByZero>| result.map(|number| number.to_string());
                proptest::prop_assert_eq!(told(operate(number(&a), number(&b))), told(operate(large(&a), large(&b))));
            }
        }

        #[test]
        fn dividing_undoes_multiplying(a in "-?[0-9]{1,20}(\\.[0-9]{1,20})?", b in "-?[1-9][0-9]{0,20}(\\.[0-9]{1,20})?") {
            let product = number(&a) * number(&b);
            let quotient = product.divide(number(&b)).unwrap();
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
