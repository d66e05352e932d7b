//! Turns settings into services: which machine, with which options.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use cipher::Keys;
use drive::{Keep, Listen, RoomPlan, ServicePlan, StorePlan};
use labs::framing::Rules;
use labs::{
    Machine, Service, Shelf, ShelfLimits, Transport, add, alnum, board, calc, chat, clock, echo, numbers, sum, talk,
};

use crate::settings::{DialectName, FramingMode, Settings};

type AnyMachine = Box<dyn Machine + Send>;

/// A service ready to be served at the given places.
pub(crate) fn plan(service: Service, listen: Vec<Listen>, settings: &Settings) -> anyhow::Result<ServicePlan> {
    let common = settings.common(service);
    let rules = Rules {
        guess: common.framing == FramingMode::Guess,
        quiet: settings.server.quiet_time.0,
        message_bytes_max: common.limits.message_bytes,
        ..Rules::default()
    };
    let limits = common.limits;
    let mut plan = ServicePlan {
        service,
        listen,
        limits,
        rules,
        busy: None,
        stream_machine: None,
        datagram_machine: None,
        room: None,
        store: None,
        tls: None,
    };
    let members = limits.members;
    match service {
        Service::Numbers => plan.datagram_machine = Some(maker(move || numbers::Server::new(members))),
        Service::Echo => both(&mut plan, || echo::Server),
        Service::Alnum => both(&mut plan, || alnum::Server),
        Service::Clock => {
            let format = &settings.clock.date_format.0;
            // The settings have tried the format before.
            let format = clock::DateFormat::new(format).ok().filter(|_| !format.is_empty());
            both(&mut plan, move || clock::Server { date_format: format.clone() });
        }
        Service::Calc => plan.stream_machine = Some(maker(calc::Server::default)),
        Service::Add => plan.stream_machine = Some(maker(add::Server::default)),
        Service::Sum => plan_sum(&mut plan, settings),
        Service::Board => plan_board(&mut plan, settings)?,
        Service::Talk => plan_talk(&mut plan)?,
        Service::Chat => plan_chat(&mut plan, settings)?,
    }
    Ok(plan)
}

fn maker<M: Machine + Send + 'static>(
    make: impl Fn() -> M + Send + Sync + 'static,
) -> Box<dyn Fn() -> AnyMachine + Send + Sync> {
    Box::new(move || Box::new(make()))
}

fn both<M: Machine + Send + 'static>(plan: &mut ServicePlan, make: impl Fn() -> M + Send + Sync + 'static) {
    let make = Arc::new(make);
    let again = Arc::clone(&make);
    plan.stream_machine = Some(maker(move || make()));
    plan.datagram_machine = Some(maker(move || again()));
}

fn plan_sum(plan: &mut ServicePlan, settings: &Settings) {
    let (members, wait_max) = (plan.limits.members, plan.limits.idle_timeout);
    both(plan, move || sum::Server::new(members, wait_max));
    if settings.sum.dialect == DialectName::Steps {
        plan.stream_machine = Some(maker(sum::StepsServer::default));
        plan.busy = Some(sum::BUSY);
        plan.rules.greeting = sum::STEPS_GREETING;
    }
}

fn plan_board(plan: &mut ServicePlan, settings: &Settings) -> anyhow::Result<()> {
    let own = &settings.board;
    let shelf = Shelf::new(ShelfLimits { texts_max: own.texts.get(), bytes_max: own.texts_bytes.get() });
    let path = if own.store.0.is_empty() { usual_store()? } else { PathBuf::from(&own.store.0) };
    let acknowledge = own.acknowledge;
    let secret = secret();
    let server = move |shelf: &Shelf, transport| board::Server::new(shelf.clone(), transport, acknowledge, secret);
    plan.store = Some(StorePlan { path, shelf: shelf.clone(), keep: Keep::All, flag: "--store FILE" });
    plan.stream_machine = Some(maker({
        let shelf = shelf.clone();
        move || server(&shelf, Transport::Tcp)
    }));
    plan.datagram_machine = Some(maker(move || server(&shelf, Transport::Udp)));
    plan.rules.bare = board::BARE_ENDING;
    Ok(())
}

fn plan_talk(plan: &mut ServicePlan) -> anyhow::Result<()> {
    let keys: Arc<dyn talk::Keyring> = Arc::new(Keys::open_to_serve(&talk_folder()?)?);
    let text_bytes_max = plan.rules.message_bytes_max;
    plan.rules.message_bytes_max = talk::UNIT_BYTES_MAX;
    plan.stream_machine = Some(maker(move || talk::Server::new(Arc::clone(&keys), text_bytes_max)));
    Ok(())
}

/// Where the keys for talk are kept, ours and those of peers.
pub(crate) fn talk_folder() -> anyhow::Result<PathBuf> {
    state_folder().context("talk needs a place for keys: set HOME or XDG_STATE_HOME")
}

fn plan_chat(plan: &mut ServicePlan, settings: &Settings) -> anyhow::Result<()> {
    let own = &settings.chat;
    let history = own.history.get();
    let options = chat::Options {
        members_max: plan.limits.members,
        login_max: own.login_time.0,
        idle_max: plan.limits.idle_timeout,
        rate: u32::try_from(own.rate.0).unwrap_or(u32::MAX),
        announce_members_max: own.announce_members_max.get(),
        rooms_max: own.rooms.get(),
        history,
    };
    let shelf = Shelf::new(ShelfLimits { texts_max: history, bytes_max: usize::MAX });
    if !own.history_file.0.is_empty() {
        ensure!(history > 0, "chat keeps no lines in {}: say how many with --history N", own.history_file.0);
        let (path, keep) = (PathBuf::from(&own.history_file.0), Keep::Last(own.history.0));
        plan.store = Some(StorePlan { path, shelf: shelf.clone(), keep, flag: "--history-file FILE" });
    }
    let machine = move || -> AnyMachine {
        let earlier = (0..shelf.count()).filter_map(|place| shelf.get(place));
        let earlier = earlier.map(|text| String::from_utf8_lossy(&text).into());
        Box::new(chat::Server::new(options, earlier))
    };
    let (machine, log_bytes_max) = (Box::new(machine), own.log_bytes.get());
    plan.room = Some(RoomPlan { machine, log_bytes_max, too_slow: chat::TOO_SLOW });
    Ok(())
}

/// Sixteen bytes nobody can guess, from the randomness that the standard library takes from the system for its hash tables.
fn secret() -> [u8; 16] {
    use std::hash::{BuildHasher as _, RandomState};
    let random = || RandomState::new().hash_one(0).to_ne_bytes();
    let (a, b) = (random(), random());
    std::array::from_fn(|place| if place < 8 { a[place] } else { b[place - 8] })
}

/// The folder for what a program keeps between its runs, by the XDG Base Directory Specification.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("socketlab"))
}

fn usual_store() -> anyhow::Result<PathBuf> {
    let folder = state_folder().context("board needs a place for its texts: name one with --store FILE")?;
    Ok(folder.join("board.redb"))
}

/// The addresses that other computers can use. One that is only valid together with a local interface's name is of no use to them.
pub(crate) fn lan_addresses() -> Vec<IpAddr> {
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
