//! A capture as it is told and saved, packet by packet.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::IpAddr;

use labs::Service;
use names::LabNames;
use wire::capture::{Drops, Interface, Packet};
use wire::{Event, Options, Story, Summary};

use super::output::Output;
use super::save::Saver;
use super::show::Show;
use super::wanted::Wanted;
use crate::cli::WatchArgs;

/// Everything that becomes of a packet.
pub(super) struct Session {
    story: Story,
    show: Show,
    output: Output,
    saver: Option<Saver>,
    #[cfg(target_os = "linux")]
    processes: Option<super::processes::Processes>,
    /// The number of the last packet: in the file that is written, else in the one that is read.
    number: u64,
    /// What an interface without a name is called.
    source: String,
    interfaces: Vec<Interface>,
    /// What is said of a packet in the file.
    says: String,
    /// Why nobody can be told any more.
    failure: Option<anyhow::Error>,
    /// Why the file is not whole; the story goes on.
    unsaved: Option<anyhow::Error>,
}

impl Session {
    /// Begins a story. `source` is the interface or the file.
    pub(super) fn new(args: &WatchArgs, wanted: &Wanted, output: Output, source: &str) -> anyhow::Result<Self> {
        let (naming, followed) = LabNames::new(wanted.service, &wanted.ports, args.follow);
        let usual = Service::ALL.into_iter().map(Service::port);
        let options = Options {
            acknowledgements: args.acknowledgements,
            // What we capture ourselves on loopback never had any; we fill them in.
            checksums: args.read.is_some() || args.interface.is_some(),
            service_ports: wanted.ports.iter().copied().chain(usual).collect(),
            naming: Box::new(naming),
        };
        Ok(Self {
            story: Story::new(options),
            show: Show::new(args, output.columns(), followed),
            output,
            saver: args.write.as_deref().map(Saver::create).transpose()?,
            #[cfg(target_os = "linux")]
            processes: None,
            number: 0,
            source: source.to_owned(),
            interfaces: Vec::new(),
            says: String::new(),
            failure: None,
            unsaved: None,
        })
    }

    /// Names the programs behind the sockets, which only what happens now has.
    #[cfg(target_os = "linux")]
    pub(super) fn with_processes(self, processes: super::processes::Processes) -> Self {
        Self { processes: Some(processes), ..self }
    }

    /// Takes the next packet.
    pub(super) fn take(&mut self, packet: &Packet<'_>) {
        if self.failure.is_some() {
            return;
        }
        self.number += 1;
        #[cfg(target_os = "linux")]
        if let Some(processes) = &mut self.processes {
            processes.note(packet, &mut self.story);
        }
        let Self { story, show, output, saver, says, number, .. } = self;
        says.clear();
        let mut shown = Ok(());
        let saves = saver.is_some();
        story.take(packet, *number, &mut |event: &Event<'_>| {
            if saves {
                wire::explain(event, says);
            }
            shown = show.event(event, output);
        });
        self.failure = shown.map_err(Into::into).err();
        let saved = self.save(packet);
        self.note_saved(saved);
    }

    /// What cannot be saved is told all the same: the file is given up.
    fn note_saved(&mut self, saved: anyhow::Result<()>) {
        if let Err(error) = saved {
            self.unsaved = Some(error);
            self.saver = None;
        }
    }

    fn save(&mut self, packet: &Packet<'_>) -> anyhow::Result<()> {
        let Some(saver) = &mut self.saver else { return Ok(()) };
        let interface = self.interfaces.get(packet.interface as usize).and_then(|interface| interface.name.as_deref());
        saver.packet(packet, &self.says, interface.unwrap_or(&self.source))
    }

    /// Writes what was gathered for the file: when nothing more waits to be taken, so that whatever ends us leaves a whole capture.
    #[cfg(target_os = "linux")]
    pub(super) fn pause(&mut self) {
        if let Some(saver) = &mut self.saver {
            let saved = saver.flush();
            self.note_saved(saved);
        }
    }

    /// Leaves a packet out that nobody wanted.
    pub(super) fn pass_over(&mut self) {
        if self.saver.is_none() {
            self.number += 1;
        }
    }

    /// Notes what the file calls its interfaces, when that is needed and new.
    pub(super) fn name_interfaces(&mut self, interfaces: impl FnOnce() -> Vec<Interface>) {
        if self.saver.is_some() {
            self.interfaces = interfaces();
        }
    }

    /// Whether nothing more can be told.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Tells the summary and gives it, and ends the file. `drops` is what the kernel has counted.
    pub(super) fn finish(mut self, drops: Option<Drops>) -> anyhow::Result<Summary> {
        let story = std::mem::replace(&mut self.story, Story::new(Options::default()));
        let summary = story.finish();
        if let Some(saver) = self.saver.take() {
            let saved = saver.finish(&names(&summary), drops);
            self.note_saved(saved);
        }
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let columns = self.output.columns();
        let (mut to, lost) = self.output.settle()?;
        to.write_all(self.show.summary(&summary, columns).as_bytes())?;
        to.flush()?;
        drop(to);
        if lost > 0 {
            eprintln!("socketlab: {lost} lines were too many to be shown; --write keeps every packet");
        }
        if let Some(Drops { dropped, .. }) = drops.filter(|drops| drops.dropped > 0) {
            eprintln!(
                "socketlab: {dropped} packets came faster than they could be taken: they are in neither story nor file"
            );
        }
        self.unsaved.map_or(Ok(summary), Err)
    }
}

/// The addresses that belong to one party alone. Where several share one, as on loopback, a name would be wrong for the others.
fn names(summary: &Summary) -> Vec<(IpAddr, String)> {
    let mut names: BTreeMap<IpAddr, Option<&str>> = BTreeMap::new();
    let parties = summary.conversations.iter().flat_map(|it| [&it.client, &it.server]);
    for party in parties {
        let name = names.entry(party.address.ip()).or_insert(Some(&party.name));
        *name = name.filter(|name| *name == party.name);
    }
    names.into_iter().filter_map(|(address, name)| Some((address, name?.to_owned()))).collect()
}
