//! TLS as the user asks for it: which certificate a server shows, and whom a client trusts.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use cipher::{Certificate, Trust};
use drive::{CallTls, ServerConfig, ServerName};
use labs::Service;

use crate::cli::TrustArgs;
use crate::services;

/// The certificate that the user names, else our own, made at its first use.
pub(crate) fn certificate(cert: &str, key: &str) -> anyhow::Result<Arc<Certificate>> {
    match (cert, key) {
        ("", "") => {
            let folder = services::state_folder();
            let folder = folder.context("TLS needs a place for its certificate: name one with --cert and --key")?;
            Ok(Certificate::own(&folder, &own_names())?)
        }
        ("", _) => bail!("the key {key} needs its certificate: name it with --cert FILE"),
        // Many keep both in one file.
        (cert, "") => Ok(Certificate::read(PathBuf::from(cert), PathBuf::from(cert))?),
        (cert, key) => Ok(Certificate::read(PathBuf::from(cert), PathBuf::from(key))?),
    }
}

/// By what this computer may be called.
fn own_names() -> Vec<String> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let local = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])];
    let addresses = local.into_iter().chain(services::lan_addresses()).map(|address| address.to_string());
    [host, "localhost".to_owned()].into_iter().chain(addresses).collect()
}

/// How a service's sessions are made.
pub(crate) fn server_config(certificate: &Arc<Certificate>, service: Service) -> anyhow::Result<Arc<ServerConfig>> {
    Ok(certificate.server_config(&protocol(service))?)
}

/// How a client speaks TLS with the server that it calls by this name.
pub(crate) fn call(service: Service, host: &str, args: &TrustArgs) -> anyhow::Result<CallTls> {
    let trust = match (&args.ca, args.fingerprint) {
        (_, Some(fingerprint)) => Trust::Fingerprint(fingerprint),
        (Some(file), None) => Trust::Authority(file.clone()),
        (None, None) => Trust::System,
    };
    // The zone says on which of our own networks it is, which no certificate does.
    let name = host.split_once('%').map_or(host, |(address, _zone)| address);
    let name = ServerName::try_from(name.to_owned());
    let name =
        name.map_err(|_error| anyhow!("`{host}` is no name that a certificate can hold: use another, or an address"))?;
    Ok(CallTls { config: trust.client_config(&protocol(service))?, name })
}

/// The name of a lab's protocol in a handshake (ALPN, RFC 7301), so that nobody talks to another lab.
fn protocol(service: Service) -> String {
    format!("socketlab-{service}")
}
