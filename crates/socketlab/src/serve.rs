//! `socketlab serve`: from arguments to a running server.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use cipher::Certificate;
use drive::{Endpoint, Listen, Scheme, ServicePlan, TlsPlan};
use labs::{Service, Transport};
use toml::Value;

use crate::address::Address;
use crate::cli::ServeArgs;
use crate::printer::Printer;
use crate::settings::{Layered, Overlay, Source};
use crate::{FAILED, USAGE, operator, report, services, tls};

pub(crate) fn run(args: &ServeArgs) -> ExitCode {
    let prepared = read_settings(args).and_then(|layered| {
        let mut plans = plans(args, &layered)?;
        let certificate = secure(&mut plans, &layered)?;
        if certificate.is_none() && args.certificate.is_given() {
            bail!("a certificate is shown under TLS only: name a place for it, as in chat=tls://9443, or leave it out");
        }
        Ok((plans, certificate, layered))
    });
    let (plans, certificate, layered) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return report(Err(error), USAGE),
    };
    let server = &layered.settings.server;
    let (person, keyboard) = operator::sit_down(&plans).unzip();
    let printer = Arc::new(Printer::new(server.log_format, server.quiet, plans.len(), person));
    warn_of_descriptors(&plans, &printer);
    let lan = server.lan;
    let tls = certificate.as_ref().map(|certificate| TlsPlan {
        handshake_max: server.handshake_time.0,
        handshakes_max: server.handshakes.get(),
        reread: rereader(Arc::clone(certificate), Arc::clone(&printer)),
    });
    let result = drive::serve(plans, tls, Arc::clone(&printer) as Arc<dyn drive::Log>, keyboard, |endpoints| {
        announce(endpoints, lan, certificate.as_deref(), &printer);
    });
    // It gives the terminal back before anything else is said there.
    drop(printer);
    report(result.map_err(Into::into), FAILED)
}

/// Reads all layers of settings.
pub(crate) fn read_settings(args: &ServeArgs) -> anyhow::Result<Layered> {
    // A variable that is not text cannot be one of ours.
    let environment =
        std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
    Layered::read(args.config.as_deref(), environment, overlays(args))
}

/// What is served: the services named, else all.
fn named(args: &ServeArgs) -> Vec<Service> {
    if args.wishes.is_empty() {
        return Service::ALL.to_vec();
    }
    let mut services: Vec<_> = args.wishes.iter().map(|wish| wish.service).collect();
    services.sort();
    services.dedup();
    services
}

/// The flags, as settings of the keys they stand for.
fn overlays(args: &ServeArgs) -> Vec<Overlay> {
    let mut overlays = Vec::new();
    let mut lay = |flag: &str, key: String, value: Value| {
        overlays.push(Overlay::typed(key, value, Source::Flag(flag.to_owned())));
    };
    if args.lan {
        lay("--lan", "server.lan".to_owned(), true.into());
    }
    if let Some((flag, ip)) = args.family.ip() {
        lay(flag, "server.ip".to_owned(), ip.word().into());
    }
    if args.quiet {
        lay("--quiet", "server.quiet".to_owned(), true.into());
    }
    if let Some(format) = args.log_format {
        lay("--log-format", "server.log_format".to_owned(), format.word().into());
    }
    let mut places: BTreeMap<Service, Vec<Value>> = BTreeMap::new();
    for wish in &args.wishes {
        // A name alone stands for the usual places, also beside others.
        let address = wish.address.as_ref().map_or_else(|| wish.service.port().to_string(), ToString::to_string);
        places.entry(wish.service).or_default().push(address.into());
    }
    let named_alone =
        |service: &Service| args.wishes.iter().all(|wish| wish.service != *service || wish.address.is_none());
    places.retain(|service, _| !named_alone(service));
    for (service, places) in places {
        lay(&format!("{service}=ADDRESS"), format!("{service}.listen"), Value::Array(places));
    }
    let whole = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let limits: [(&str, &str, Option<Value>); 5] = [
        ("--members", "members", args.members.map(whole)),
        ("--connections-per-address", "connections_per_address", args.connections_per_address.map(whole)),
        ("--idle-timeout", "idle_timeout", args.idle_timeout.clone().map(Value::from)),
        ("--message-bytes", "message_bytes", args.message_bytes.map(whole)),
        ("--framing", "framing", args.framing.map(|mode| mode.word().into())),
    ];
    for (flag, key, value) in limits {
        for service in named(args).into_iter().filter(|_| value.is_some()) {
            lay(flag, format!("{service}.{key}"), value.clone().unwrap_or(Value::Boolean(false)));
        }
    }
    if let Some(dialect) = args.dialect {
        lay("--dialect", "sum.dialect".to_owned(), dialect.word().into());
    }
    if let Some(format) = &args.date_format {
        lay("--date-format", "clock.date_format".to_owned(), format.as_str().into());
    }
    if args.acknowledge {
        lay("--acknowledge", "board.acknowledge".to_owned(), true.into());
    }
    if let Some(store) = &args.store {
        lay("--store", "board.store".to_owned(), store.as_str().into());
    }
    if let Some(lines) = args.history {
        lay("--history", "chat.history".to_owned(), whole(lines));
    }
    if let Some(file) = &args.certificate.cert {
        lay("--cert", "server.cert".to_owned(), file.as_str().into());
    }
    if let Some(file) = &args.certificate.key {
        lay("--key", "server.key".to_owned(), file.as_str().into());
    }
    if let Some(file) = &args.history_file {
        lay("--history-file", "chat.history_file".to_owned(), file.as_str().into());
    }
    for (key, text) in &args.sets {
        overlays.push(Overlay::written(key, text, Source::Flag(format!("--set {key}={text}"))));
    }
    overlays
}

fn plans(args: &ServeArgs, layered: &Layered) -> anyhow::Result<Vec<ServicePlan>> {
    let mut listens = Vec::new();
    for service in named(args) {
        listens.push((service, places(service, layered)?));
    }
    check_apart(&listens)?;
    listens.into_iter().map(|(service, listen)| services::plan(service, listen, &layered.settings)).collect()
}

/// Gives those that are served under TLS what they need for it: the certificate, if any of them is.
fn secure(plans: &mut [ServicePlan], layered: &Layered) -> anyhow::Result<Option<Arc<Certificate>>> {
    let server = &layered.settings.server;
    let is_for_tls = |plan: &&mut ServicePlan| plan.listen.iter().any(|listen| listen.scheme == Scheme::Tls);
    let mut certificate = None;
    for plan in plans.iter_mut().filter(is_for_tls) {
        let shown = match &certificate {
            Some(certificate) => certificate,
            None => certificate.insert(tls::certificate(&server.cert.0, &server.key.0)?),
        };
        plan.tls = Some(tls::server_config(shown, plan.service)?);
    }
    Ok(certificate)
}

/// Reads the certificate anew, and tells what came of it.
fn rereader(certificate: Arc<Certificate>, printer: Arc<Printer>) -> Arc<dyn Fn() + Send + Sync> {
    Arc::new(move || match certificate.reread() {
        Ok(()) => printer.certificate(&certificate),
        Err(error) => printer.complain(&format!("the certificate is not read anew, the earlier stays in use: {error}")),
    })
}

/// Refuses two of our own at one place, before the system would blame another program for it.
fn check_apart(listens: &[(Service, Vec<Listen>)]) -> anyhow::Result<()> {
    let all: Vec<_> = listens.iter().flat_map(|(service, listen)| listen.iter().map(move |at| (service, at))).collect();
    for (index, (service, at)) in all.iter().enumerate() {
        let (ip, port) = (at.address.ip(), at.address.port());
        let same = |other: &Listen| {
            let other_ip = other.address.ip();
            port != 0
                && other.scheme.transport() == at.scheme.transport()
                && other.address.port() == port
                && (covers(other_ip, ip) || covers(ip, other_ip))
        };
        if let Some((earlier, other)) = all[..index].iter().find(|(_, other)| same(other)) {
            let place = format!("{}://{}", at.scheme, other.address);
            if earlier == service {
                bail!("{service} cannot listen twice at {place}: leave one out");
            }
            bail!("{earlier} and {service} cannot both listen at {place}: give one of them another port");
        }
    }
    Ok(())
}

/// Where a service is to listen: at each of its addresses, over the address's transport or the service's usual ones.
fn places(service: Service, layered: &Layered) -> anyhow::Result<Vec<Listen>> {
    let usual = Address { scheme: None, host: None, port: None };
    let written = &layered.settings.common(service).listen.0;
    let addresses = if written.is_empty() { std::slice::from_ref(&usual) } else { written.as_slice() };
    let family = layered.settings.server.ip.family();
    let mut places = Vec::new();
    for address in addresses {
        let own = address.local(service.port(), layered.settings.server.lan);
        let own = own.map_err(|why| anyhow!("{service}={address}: {why}"))?;
        let usual = || service.usual_transports().iter().map(|&transport| transport.into()).collect();
        let schemes: Vec<Scheme> = address.scheme.map_or_else(usual, |scheme| vec![scheme]);
        for scheme in schemes {
            if !service.speaks(scheme.transport()) {
                bail!("{service}={address}: {service} is not served over {scheme}");
            }
            let optional = address.host.is_none();
            let allowed = own.iter().filter(|address| family.allows(address));
            for &address in allowed {
                let place = Listen { scheme, address, optional };
                let same = |other: &&mut Listen| (other.scheme, other.address) == (scheme, address);
                // A place named twice is one, but for port 0, which is another each time.
                match places.iter_mut().filter(|_| address.port() != 0).find(same) {
                    Some(earlier) => earlier.optional &= optional,
                    None => places.push(place),
                }
            }
        }
    }
    if places.is_empty() {
        bail!(
            "{service} has no address of the wanted version of IP: leave out -4, -6 or server.ip, or name another address"
        );
    }
    Ok(places)
}

/// Says it when the system allows fewer connections than the settings do.
fn warn_of_descriptors(plans: &[ServicePlan], printer: &Printer) {
    let fit = drive::descriptor_limit();
    let over_tcp = |plan: &&ServicePlan| plan.listen.iter().any(|listen| listen.scheme.transport() == Transport::Tcp);
    let wanted: u64 = plans.iter().filter(over_tcp).map(|plan| plan.limits.members as u64).sum();
    if wanted > fit {
        let fit = if fit == 0 { "hardly any".to_owned() } else { format!("about {fit}") };
        printer.complain(&format!(
            "this system's limit of open files lets {fit} clients connect, fewer than the {wanted} of the settings; \
             raise it with `ulimit -n`"
        ));
    }
}

/// Prints where everything listens, and `ready`.
fn announce(endpoints: &[Endpoint], lan: bool, certificate: Option<&Certificate>, printer: &Printer) {
    for endpoint in endpoints {
        printer.endpoint(endpoint);
    }
    if let Some(certificate) = certificate {
        printer.certificate(certificate);
    }
    if lan {
        let reached = |address: &IpAddr| endpoints.iter().any(|endpoint| covers(endpoint.address.ip(), *address));
        services::lan_addresses().into_iter().filter(reached).for_each(|address| printer.lan_address(address));
    }
    printer.ready();
}

/// Whether who listens at one address is reached at another.
fn covers(bound: IpAddr, address: IpAddr) -> bool {
    bound == address || bound.is_unspecified() && bound.is_ipv4() == address.is_ipv4()
}
