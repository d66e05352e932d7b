//! `socketlab serve`: from arguments to a running server.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use drive::{Endpoint, Listen, ServicePlan};
use labs::{Service, Transport};
use toml::Value;

use crate::address::Address;
use crate::cli::ServeArgs;
use crate::printer::Printer;
use crate::settings::{Layered, Overlay, Setting as _, Source};
use crate::{FAILED, USAGE, report, services};

pub(crate) fn run(args: &ServeArgs) -> ExitCode {
    let prepared = read_settings(args).and_then(|layered| Ok((plans(args, &layered)?, layered)));
    let (plans, layered) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return report(Err(error), USAGE),
    };
    let server = &layered.settings.server;
    let printer = Arc::new(Printer::new(server.log_format, server.quiet, plans.len()));
    warn_of_descriptors(&plans, &printer);
    let lan = server.lan;
    let result = drive::serve(plans, Arc::clone(&printer) as Arc<dyn drive::Log>, |endpoints| {
        announce(endpoints, lan, &printer);
    });
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
        overlays.push(Overlay { key, value, source: Source::Flag(flag.to_owned()) });
    };
    if args.lan {
        lay("--lan", "server.lan".to_owned(), true.into());
    }
    if args.quiet {
        lay("--quiet", "server.quiet".to_owned(), true.into());
    }
    if let Some(format) = args.log_format {
        lay("--log-format", "server.log_format".to_owned(), format.show().trim_matches('"').into());
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
        ("--framing", "framing", args.framing.map(|mode| mode.show().trim_matches('"').into())),
    ];
    for (flag, key, value) in limits {
        for service in named(args).into_iter().filter(|_| value.is_some()) {
            lay(flag, format!("{service}.{key}"), value.clone().unwrap_or(Value::Boolean(false)));
        }
    }
    if let Some(dialect) = args.dialect {
        lay("--dialect", "sum.dialect".to_owned(), dialect.show().trim_matches('"').into());
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
    for (key, text) in &args.sets {
        overlays.push(Overlay::written(key, text, Source::Flag(format!("--set {key}={text}"))));
    }
    overlays
}

fn plans(args: &ServeArgs, layered: &Layered) -> anyhow::Result<Vec<ServicePlan>> {
    named(args)
        .into_iter()
        .map(|service| {
            let listen = places(service, args, layered)?;
            services::plan(service, listen, &layered.settings)
        })
        .collect()
}

/// Where a service is to listen: at each of its addresses, over the address's transport or the service's usual ones.
fn places(service: Service, args: &ServeArgs, layered: &Layered) -> anyhow::Result<Vec<Listen>> {
    let usual = Address { transport: None, host: None, port: None };
    let written = &layered.settings.common(service).listen.0;
    let addresses = if written.is_empty() { std::slice::from_ref(&usual) } else { written.as_slice() };
    let family = args.family.family();
    let mut places = Vec::new();
    for address in addresses {
        let own = address.local(service.port(), layered.settings.server.lan);
        let own = own.map_err(|why| anyhow!("{service}={address}: {why}"))?;
        let transports = address.transport.as_ref().map_or_else(|| service.usual_transports(), std::slice::from_ref);
        for &transport in transports {
            if !service.speaks(transport) {
                bail!("{service}={address}: {service} is not served over {transport}");
            }
            let optional = address.host.is_none();
            let allowed = own.iter().filter(|address| family.allows(address));
            places.extend(allowed.map(|&address| Listen { transport, address, optional }));
        }
    }
    if places.is_empty() {
        bail!("{service} has no address of the wanted version of IP: leave out -4 or -6, or name another address");
    }
    Ok(places)
}

/// Says it when the system allows fewer connections than the settings do.
fn warn_of_descriptors(plans: &[ServicePlan], printer: &Printer) {
    let fit = drive::descriptor_limit();
    let wanted = plans.iter().filter(|plan| plan.has_machine(Transport::Tcp)).map(|plan| plan.limits.members).max();
    if wanted.is_some_and(|wanted| wanted as u64 > fit) {
        printer.complain(&format!(
            "this system's limit of open files lets about {fit} clients connect, fewer than the settings; raise it with `ulimit -n`"
        ));
    }
}

/// Prints where everything listens, and `ready`.
fn announce(endpoints: &[Endpoint], lan: bool, printer: &Printer) {
    for Endpoint { service, transport, address } in endpoints {
        printer.say(&format!("{service:<8} {transport}  {address}"));
    }
    if lan {
        for address in lan_addresses() {
            printer.say(&format!("from other computers: {address}"));
        }
    }
    printer.say("ready");
}

/// The addresses that other computers can use. One that is only valid together with a local interface's name is of no use to them.
fn lan_addresses() -> Vec<std::net::IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<_> = interfaces
        .into_iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local())
        .map(|interface| interface.ip())
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses
}
