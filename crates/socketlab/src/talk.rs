//! `socketlab talk`: from arguments to a conversation, whichever side connects.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail, ensure};
use cipher::{Keys, KnownPeers};
use drive::{JoinPlan, Listen, Scheme};
use labs::Service;
use labs::framing::Rules;
use labs::talk::{Dialect, Meet, Person, Role, UNIT_BYTES_MAX};

use crate::cli::{CertificateArgs, FamilyArgs, TalkArgs};
use crate::settings::TalkDialect;
use crate::{USAGE, address::Address, join, report, services, tls};

/// Where the keys of peers are remembered, in the state folder.
const KNOWN_FILE: &str = "talk-known";
/// How long a peer may take to send its key: many programs make it only once they are connected, which takes seconds.
const KEY_MAX: Duration = Duration::from_secs(60);

pub(crate) fn run(args: TalkArgs) -> ExitCode {
    match plan(args) {
        Ok(plan) => join::join_by_lines(plan),
        Err(error) => report(Err(error), USAGE),
    }
}

fn plan(args: TalkArgs) -> anyhow::Result<JoinPlan> {
    let TalkArgs { client, listen, dialect, certificate } = args;
    ensure!(client.framing.is_none(), "talk has no line ends: leave out --framing");
    let dialect = match dialect {
        TalkDialect::Lab => Dialect::Lab,
        TalkDialect::Sound => Dialect::Sound,
    };
    let listens = listen.map(|address| places(&address, client.family)).transpose()?;
    let is_for_tls = |places: &Vec<Listen>| places.iter().any(|place| place.scheme == Scheme::Tls);
    let is_secure = listens.as_ref().is_some_and(is_for_tls);
    ensure!(
        is_secure || !certificate.is_given(),
        "a certificate is shown under TLS only: wait with --listen tls://PORT, or leave it out"
    );
    let listen_tls = is_secure.then(|| {
        let CertificateArgs { cert, key } = &certificate;
        let certificate = tls::certificate(cert.as_deref().unwrap_or_default(), key.as_deref().unwrap_or_default())?;
        eprintln!("socketlab: the fingerprint of this end's certificate is {}", certificate.fingerprint());
        tls::server_config(&certificate, Service::Talk)
    });
    let role = if listens.is_some() { Role::Server } else { Role::Client };
    let folder = services::talk_folder()?;
    let keys = Arc::new(Keys::open(&folder)?);
    let known = KnownPeers::new(folder.join(KNOWN_FILE));
    let called = client.server.as_ref();
    let host = called.and_then(|called| called.host.clone()).unwrap_or_else(|| "localhost".to_owned());
    // However a name is written, it is one peer.
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let called = format!("{host}:{}", called.and_then(|called| called.port).unwrap_or_else(|| Service::Talk.port()));
    let make: join::MakeClient = Box::new(move |dial, _| {
        // A peer that we call is known by the name by which we call it; one that calls us, by its address.
        let name = match role {
            Role::Client => called,
            Role::Server => format!("from-{}", dial.server.ip()),
        };
        let meet: Meet = Box::new(move |seen| known.meet(&name, seen));
        Box::new(Person::new(keys, role, dialect, KEY_MAX, meet))
    });
    let mut plan = join::plan(Service::Talk, client, make)?;
    plan.rules = Rules { message_bytes_max: UNIT_BYTES_MAX, ..Rules::default() };
    plan.listen = listens.unwrap_or_default();
    plan.listen_tls = listen_tls.transpose()?;
    Ok(plan)
}

/// Where to wait for the peer.
fn places(address: &Address, family: FamilyArgs) -> anyhow::Result<Vec<Listen>> {
    let scheme = address.scheme.unwrap_or(Scheme::Tcp);
    if scheme == Scheme::Udp {
        bail!("talk is not spoken over udp");
    }
    let own = address.local(Service::Talk.port(), false).map_err(|why| anyhow!("--listen {address}: {why}"))?;
    let allowed = own.into_iter().filter(|address| family.family().allows(address));
    let optional = address.host.is_none();
    let places: Vec<_> = allowed.map(|address| Listen { scheme, address, optional }).collect();
    ensure!(!places.is_empty(), "--listen {address} is not of the wanted version of IP: leave out -4 or -6");
    Ok(places)
}
