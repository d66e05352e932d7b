//! A server's certificate: read from files, or made for this computer at first use.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::{CertificateFingerprint, provider};
use crate::keyfile::{self, KeyError};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("the {what} {path} cannot be read: {why}. It is to be a PEM file", path = .path.display())]
    Unreadable { what: &'static str, path: PathBuf, why: String },
    #[error("the certificate {cert} cannot be used with the key {key}: {why}", cert = .cert.display(), key = .key.display())]
    Unusable { cert: PathBuf, key: PathBuf, why: String },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("a certificate cannot be made: {0}. Name one with --cert FILE and --key FILE")]
    Unmade(String),
}

/// A server's certificate and its key, which can be read anew while it serves.
#[derive(Debug)]
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

const LABEL: &str = "CERTIFICATE";
const OWN_CERT_FILE: &str = "tls-certificate.pem";
const OWN_KEY_FILE: &str = "tls-key.pem";

impl Certificate {
    /// Reads a chain of certificates, the server's own first, and its key, from PEM files.
    ///
    /// # Errors
    /// If a file cannot be read, or they do not belong together.
    pub fn read(cert: PathBuf, key: PathBuf) -> Result<Arc<Self>, CertificateError> {
        let current = RwLock::new(read(&cert, &key)?);
        Ok(Arc::new(Self { cert, key, current }))
    }

    /// Reads our own certificate from a folder. If there is none, one is made that names this computer so and that only its fingerprint, or
    /// its file, proves: it is signed with its own key, and does not expire.
    ///
    /// # Errors
    /// If it can be neither read nor made, or if others can read its key.
    pub fn own(folder: &Path, names: &[String]) -> Result<Arc<Self>, CertificateError> {
        let (cert, key) = (folder.join(OWN_CERT_FILE), folder.join(OWN_KEY_FILE));
        let der = keyfile::open_der(&key, || Some(Zeroizing::new(KeyPair::generate().ok()?.serialize_der())))?;
        if !cert.exists() {
            let made = make(&der, names).map_err(|error| CertificateError::Unmade(error.to_string()))?;
            // Another run of the program may be first; both are for the same key.
            keyfile::keep(&cert, LABEL, &made).map_err(|error| unreadable("certificate", &cert, error))?;
        }
        Self::read(cert, key)
    }

    /// Reads the files again, and uses what they now hold for whoever comes from now on.
    ///
    /// # Errors
    /// If they cannot be used; then what was read before stays.
    pub fn reread(&self) -> Result<(), CertificateError> {
        let read = read(&self.cert, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// The fingerprint of the certificate in use.
    pub fn fingerprint(&self) -> CertificateFingerprint {
        // A chain without a certificate was refused when it was read.
        CertificateFingerprint::of(&self.current().cert[0])
    }

    /// Where the certificate lies.
    pub fn file(&self) -> &Path {
        &self.cert
    }

    /// How sessions are made: TLS 1.3, and 1.2 for peers that know no better. A peer that names the protocols it speaks (ALPN, RFC 7301) must
    /// name this one. Tickets let it come back with less arithmetic, and take no memory here (RFC 8446, 4.6.1).
    ///
    /// # Errors
    /// If the system gives no randomness for tickets.
    pub fn server_config(self: &Arc<Self>, protocol: &str) -> Result<Arc<ServerConfig>, CertificateError> {
        let unmade = |error: rustls::Error| CertificateError::Unmade(error.to_string());
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let resolver = Arc::clone(self) as Arc<dyn ResolvesServerCert>;
        let mut config = builder.map_err(unmade)?.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = Ticketer::new().map_err(unmade)?;
        Ok(Arc::new(config))
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

fn read(cert: &Path, key: &Path) -> Result<Arc<CertifiedKey>, CertificateError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
    let chain = chain.map_err(|error| unreadable("certificate", cert, error))?;
    if chain.is_empty() {
        return Err(unreadable("certificate", cert, "it holds none"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("key", key, why_no_key(key, &error)))?;
    CertifiedKey::from_der(chain, private, &provider()).map(Arc::new).map_err(|error| {
        let are_strangers = matches!(error, rustls::Error::InconsistentKeys(_));
        let why = if are_strangers { "they do not belong together".to_owned() } else { error.to_string() };
        CertificateError::Unusable { cert: cert.to_owned(), key: key.to_owned(), why }
    })
}

/// Both forms of an encrypted key have the word: RFC 7468, 11, and RFC 1421, 4.6.1.1.
fn why_no_key(path: &Path, error: &pem::Error) -> String {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    match text {
        Ok(text) if text.contains("ENCRYPTED") => "it is encrypted, `openssl pkey` decrypts it".to_owned(),
        Ok(_) | Err(_) => error.to_string(),
    }
}

fn unreadable(what: &'static str, path: &Path, why: impl ToString) -> CertificateError {
    CertificateError::Unreadable { what, path: path.to_owned(), why: why.to_string() }
}

/// Signs a certificate for these names with its own key.
fn make(key: &[u8], names: &[String]) -> Result<Vec<u8>, rcgen::Error> {
    let key = PrivatePkcs8KeyDer::from(key);
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256)?;
    // What is no name of the DNS, as a computer's may be, cannot be called so either.
    let names: Vec<_> =
        names.iter().filter(|name| CertificateParams::new(vec![(*name).clone()]).is_ok()).cloned().collect();
    let mut about = DistinguishedName::new();
    about.push(DnType::CommonName, names.first().map_or("socketlab", |name| name));
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = about;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params.self_signed(&key)?.der().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn own(folder: &Path) -> Arc<Certificate> {
        Certificate::own(folder, &["localhost".to_owned(), "::1".to_owned(), "no name".to_owned()]).unwrap()
    }

    #[test]
    fn our_own_is_made_once_and_its_key_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("not there yet");
        let first = own(&folder).fingerprint();
        assert_eq!(own(&folder).fingerprint(), first);
        let key = folder.join(OWN_KEY_FILE);
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = Certificate::own(&folder, &[]).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn files_are_read_anew_and_wrong_ones_change_nothing() {
        let (mine, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (certificate, second) = (own(mine.path()), own(other.path()));
        let first = certificate.fingerprint();
        assert_ne!(first, second.fingerprint());
        std::fs::copy(other.path().join(OWN_CERT_FILE), mine.path().join(OWN_CERT_FILE)).unwrap();
        let error = certificate.reread().unwrap_err().to_string();
        assert!(error.ends_with("they do not belong together"), "{error}");
        assert_eq!(certificate.fingerprint(), first);
        std::fs::copy(other.path().join(OWN_KEY_FILE), mine.path().join(OWN_KEY_FILE)).unwrap();
        certificate.reread().unwrap();
        assert_eq!(certificate.fingerprint(), second.fingerprint());
        std::fs::write(mine.path().join(OWN_CERT_FILE), "no PEM").unwrap();
        assert!(certificate.reread().unwrap_err().to_string().contains("it holds none"));
        std::fs::copy(other.path().join(OWN_CERT_FILE), mine.path().join(OWN_CERT_FILE)).unwrap();
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGb\n-----END ENCRYPTED PRIVATE KEY-----\n";
        std::fs::write(mine.path().join(OWN_KEY_FILE), encrypted).unwrap();
        assert!(certificate.reread().unwrap_err().to_string().contains("it is encrypted"));
        assert_eq!(certificate.fingerprint(), second.fingerprint());
    }
}
