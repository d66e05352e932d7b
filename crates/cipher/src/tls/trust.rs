//! Whom a client trusts: what the system trusts, whoever a file names, or one certificate alone. There is nothing that trusts everybody.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use super::{CertificateFingerprint, provider};

/// Whom a client trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Whom the system trusts, for the name by which the server was called.
    System,
    /// Who has signed with a certificate of this PEM file, for that name; or who shows one of those itself.
    Authority(PathBuf),
    /// Who shows this very certificate, whatever it names and however old it is.
    Fingerprint(CertificateFingerprint),
}

/// Why nobody can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("the certificates {path} cannot be read: {why}. It is to be a PEM file", path = .path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error(
        "this system trusts nobody{0}: name who has signed the server's certificate with --ca FILE, or give its --fingerprint"
    )]
    NoRoots(String),
    #[error("TLS cannot be spoken: {0}")]
    Tls(Error),
}

/// Why a server is not trusted.
#[derive(Debug, thiserror::Error)]
enum Mistrust {
    #[error(
        "nobody trusted here has signed its certificate, whose fingerprint is {seen}. If the server's own terminal shows the same, join \
         with --fingerprint {seen}; if somebody has signed it, name them with --ca FILE"
    )]
    Unknown { seen: CertificateFingerprint },
    #[error(
        "its certificate is for others, not for `{name}`: call it by a name of its certificate, or join with --fingerprint {seen} if its own terminal shows that"
    )]
    Name { name: String, seen: CertificateFingerprint },
    #[error("its certificate is not valid at this time: check the clocks of both computers, or have it renewed")]
    Time,
    #[error(
        "its certificate has another fingerprint, {seen}: either it was renewed, then its own terminal shows this one, or this is not the server that you mean"
    )]
    Other { seen: CertificateFingerprint },
    #[error("its certificate cannot be used: {0}")]
    Unusable(CertificateError),
}

impl Trust {
    /// How sessions are made: TLS 1.3 or 1.2, for this protocol (ALPN, RFC 7301). It remembers what it may resume from.
    ///
    /// # Errors
    /// If the certificates to trust cannot be had.
    pub fn client_config(&self, protocol: &str) -> Result<Arc<ClientConfig>, TrustError> {
        let provider = provider();
        let judge = Arc::new(Judge { standard: self.standard(&provider)?, provider: Arc::clone(&provider) });
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(TrustError::Tls)?.dangerous().with_custom_certificate_verifier(judge);
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Ok(Arc::new(config))
    }

    fn standard(&self, provider: &Arc<CryptoProvider>) -> Result<Standard, TrustError> {
        let mut roots = RootCertStore::empty();
        let mut trusted = Vec::new();
        match self {
            Self::Fingerprint(print) => return Ok(Standard::Fingerprint(*print)),
            Self::System => {
                let found = rustls_native_certs::load_native_certs();
                trusted.clone_from(&found.certs);
                roots.add_parsable_certificates(found.certs);
                if roots.is_empty() {
                    let why = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
                    return Err(TrustError::NoRoots(why));
                }
            }
            Self::Authority(path) => {
                let unreadable = |why: String| TrustError::Unreadable { path: path.clone(), why };
                let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
                for certificate in found.map_err(|error| unreadable(error.to_string()))? {
                    roots.add(certificate.clone()).map_err(|error| unreadable(error.to_string()))?;
                    trusted.push(certificate);
                }
                if roots.is_empty() {
                    return Err(unreadable("it holds none".to_owned()));
                }
            }
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
        let verifier = verifier.map_err(|error| TrustError::NoRoots(format!(" ({error})")))?;
        Ok(Standard::Roots { verifier, trusted })
    }
}

/// Judges a server's certificate, and says in a sentence what is wrong with it.
#[derive(Debug)]
struct Judge {
    standard: Standard,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Standard {
    Roots { verifier: Arc<WebPkiServerVerifier>, trusted: Vec<CertificateDer<'static>> },
    Fingerprint(CertificateFingerprint),
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let seen = CertificateFingerprint::of(end_entity);
        let judged = match &self.standard {
            Standard::Roots { verifier, trusted } => verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .or_else(|error| {
                    if trusted.contains(end_entity) {
                        accept_itself(error, end_entity, server_name)
                    } else {
                        Err(error)
                    }
                })
                .or_else(|error| explain(error, seen, server_name)),
            Standard::Fingerprint(known) if *known == seen => Ok(ServerCertVerified::assertion()),
            Standard::Fingerprint(_) => Err(Mistrust::Other { seen }),
        };
        judged.map_err(|why| CertificateError::Other(OtherError(Arc::new(why))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Judges a certificate that is one of those trusted, where the standard does not like who has signed it: it may be one that says it signs others,
/// as those of `openssl req -x509` do. Its dates were judged before.
fn accept_itself(
    error: Error,
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
) -> Result<ServerCertVerified, Error> {
    let is_about_signer = if let Error::InvalidCertificate(CertificateError::Other(why)) = &error {
        matches!(why.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
    } else {
        let signers = [CertificateError::UnknownIssuer, CertificateError::BadSignature];
        signers.into_iter().any(|signer| error == Error::InvalidCertificate(signer))
    };
    if !is_about_signer {
        return Err(error);
    }
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    Ok(ServerCertVerified::assertion())
}

fn explain(error: Error, seen: CertificateFingerprint, name: &ServerName<'_>) -> Result<ServerCertVerified, Mistrust> {
    let Error::InvalidCertificate(error) = error else {
        return Err(Mistrust::Unusable(CertificateError::Other(OtherError(Arc::new(error)))));
    };
    // The signature is bad where somebody else has the name of one who is trusted, as all have that make their own on computers of one name.
    if matches!(error, CertificateError::UnknownIssuer | CertificateError::BadSignature) {
        return Err(Mistrust::Unknown { seen });
    }
    if matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) {
        return Err(Mistrust::Name { name: name.to_str().into_owned(), seen });
    }
    let is_about_time = matches!(
        error,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    );
    Err(if is_about_time { Mistrust::Time } else { Mistrust::Unusable(error) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, IsCa, KeyPair, date_time_ymd};

    /// What is wrong with it, if its own file is trusted; empty if nothing is.
    fn judge(certificate: &rcgen::Certificate, name: &'static str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, pem::encode(&pem::Pem::new("CERTIFICATE", certificate.der().as_ref()))).unwrap();
        let provider = provider();
        let standard = Trust::Authority(file.path().to_owned()).standard(&provider).unwrap();
        let name = ServerName::try_from(name).unwrap();
        let judge = Judge { standard, provider };
        let judged = judge.verify_server_cert(certificate.der(), &[], &name, &[], UnixTime::now());
        judged.map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn a_server_may_show_the_very_certificate_that_is_trusted() {
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut params = CertificateParams::new(["lab.example".to_owned()]).unwrap();
        let issuer = rcgen::Issuer::new(CertificateParams::default(), other);
        let signed = params.signed_by(&key, &issuer).unwrap();
        // As `openssl req -x509` makes them.
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let own = params.self_signed(&key).unwrap();
        params.not_after = date_time_ymd(2020, 1, 1);
        let expired = params.self_signed(&key).unwrap();
        for certificate in [&signed, &own] {
            assert_eq!(judge(certificate, "lab.example"), "");
            let error = judge(certificate, "other.example");
            assert!(error.contains("Name { name: \"other.example\""), "{error}");
        }
        let error = judge(&expired, "lab.example");
        assert!(error.contains("Time"), "{error}");
    }
}
