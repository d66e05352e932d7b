//! The arguments of TLS: whom a client trusts, and what a server shows.

use std::path::PathBuf;

use cipher::CertificateFingerprint;
use clap::Args;

/// Whether a client speaks TLS, and whom it then trusts.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// Use TLS over TCP, as with tls://HOST
    #[arg(long, conflicts_with_all = ["tcp", "udp"])]
    pub(super) tls: bool,
    /// With TLS, trust whoever is signed with a certificate of this PEM file, and not whom the system trusts
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint")]
    pub(crate) ca: Option<PathBuf>,
    /// With TLS, trust the certificate with this SHA-256 fingerprint and no other; the server shows its own as it starts
    #[arg(long, value_name = "HEX")]
    pub(crate) fingerprint: Option<CertificateFingerprint>,
}

impl TrustArgs {
    /// The flag that is of use with TLS only.
    pub(crate) fn needs_tls(&self) -> Option<&'static str> {
        match (&self.ca, self.fingerprint) {
            (Some(_), _) => Some("--ca"),
            (None, Some(_)) => Some("--fingerprint"),
            (None, None) => None,
        }
    }
}

/// What a server shows under TLS.
#[derive(Debug, Args)]
pub(crate) struct CertificateArgs {
    /// For tls:// places: the certificate, with those that vouch for it behind it, in a PEM file; left out, one is made for this computer
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<String>,
    /// Its private key, in a PEM file; left out, it is in the same file
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<String>,
}

impl CertificateArgs {
    pub(crate) fn is_given(&self) -> bool {
        self.cert.is_some() || self.key.is_some()
    }
}
