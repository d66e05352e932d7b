//! Who is who under TLS: a server's certificate, and whom a client trusts. The handshakes and records are rustls's.

mod certificate;
mod trust;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;

pub use certificate::{Certificate, CertificateError};
pub use trust::{Trust, TrustError};

/// The SHA-256 of a certificate (DER), in the form in which OpenSSL shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateFingerprint([u8; 32]);

impl CertificateFingerprint {
    fn of(certificate: &CertificateDer<'_>) -> Self {
        let mut print = [0; 32];
        print.copy_from_slice(digest(&SHA256, certificate).as_ref());
        Self(print)
    }
}

impl fmt::Display for CertificateFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl FromStr for CertificateFingerprint {
    type Err = String;

    /// Reads 64 hexadecimal digits, with or without colons.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no SHA-256 fingerprint: 64 hexadecimal digits, as the server shows them");
        let digits: Option<Vec<u8>> =
            text.chars().filter(|&c| c != ':').map(|c| Some(u8::try_from(c.to_digit(16)?).unwrap_or(0))).collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(wrong)?;
        Ok(Self(std::array::from_fn(|place| digits[2 * place] << 4 | digits[2 * place + 1])))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_shown() {
        let print = CertificateFingerprint(std::array::from_fn(|place| place as u8 * 7));
        assert_eq!(print.to_string().parse(), Ok(print));
        assert_eq!(print.to_string().replace(':', "").to_lowercase().parse(), Ok(print));
        for wrong in ["", "AB", "zz", &"AB:".repeat(31), &"AB".repeat(33)] {
            assert!(wrong.parse::<CertificateFingerprint>().is_err(), "{wrong}");
        }
    }
}
