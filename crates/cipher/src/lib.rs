//! The ciphers, keys and chance that `labs::talk` is given, and the certificates of TLS. None of the ciphers is our own.
//!
//! RSA, AES-GCM, HKDF and SHA-256 are those of AWS-LC, which refuses keys of fewer than 2048 bits. The lab's programs have such keys:
//! to *encrypt to* them there is the module `small`, which holds no secret. Our own keys are never so small.
#![forbid(unsafe_code)]

mod channel;
mod keyfile;
mod keys;
mod known;
mod lab_key;
mod small;
mod spent;
mod tls;

pub use keyfile::KeyError;
pub use keys::Keys;
pub use known::KnownPeers;
pub use lab_key::LabKey;
pub use tls::{Certificate, CertificateError, CertificateFingerprint, Trust, TrustError};
