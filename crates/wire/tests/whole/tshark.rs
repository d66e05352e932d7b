//! What we count, tshark counts too: the same files, packet by packet.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use wire::capture::{Drops, LinkType, Writer};
use wire::checksum;
use wire::story::{Mark, Options, Story};

use crate::script::{CLIENT, SERVER, Script, Tcp, local, segment};
use crate::{labs, secret};

/// Our marks, and the field by which tshark calls the same.
const FIELDS: [(Mark, &str); 14] = [
    (Mark::Retransmission, "tcp.analysis.retransmission"),
    (Mark::FastRetransmission, "tcp.analysis.fast_retransmission"),
    (Mark::SpuriousRetransmission, "tcp.analysis.spurious_retransmission"),
    (Mark::OutOfOrder, "tcp.analysis.out_of_order"),
    (Mark::DuplicateAcknowledgement, "tcp.analysis.duplicate_ack"),
    (Mark::GapBefore, "tcp.analysis.lost_segment"),
    (Mark::AcknowledgesUnseen, "tcp.analysis.ack_lost_segment"),
    (Mark::WindowFull, "tcp.analysis.window_full"),
    (Mark::WindowUpdate, "tcp.analysis.window_update"),
    (Mark::ZeroWindow, "tcp.analysis.zero_window"),
    (Mark::ZeroWindowProbe, "tcp.analysis.zero_window_probe"),
    (Mark::ZeroWindowProbeAcknowledgement, "tcp.analysis.zero_window_probe_ack"),
    (Mark::KeepAlive, "tcp.analysis.keep_alive"),
    (Mark::KeepAliveAcknowledgement, "tcp.analysis.keep_alive_ack"),
];

fn tshark(file: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("tshark").arg("-r").arg(file).args(arguments).output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            // Past the test harness's capture.
            assert!(std::env::var_os("NO_SKIPPED_TESTS").is_none_or(|set| set != "1"), "SKIPPED tshark: {error}");
            let _ = writeln!(std::io::stderr(), "SKIPPED tshark: {error}");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn write(script: &Script, file: &Path) {
    let mut out = Vec::new();
    let mut writer = Writer::new("wire's tests", "", &mut out);
    let lo = writer.interface("lo", LinkType::ETHERNET, 0, &mut out);
    for (number, packet) in script.packets() {
        let mut bytes = packet.bytes.to_vec();
        checksum::fill(LinkType::ETHERNET, &mut bytes);
        let packet = wire::Packet { bytes: &bytes, interface: lo, ..packet };
        let comment = format!("packet {number}\nin words");
        writer.packet(&packet, &[&comment, "python3 (pid 4711)"], &mut out);
    }
    writer.names([([127, 0, 0, 1].into(), "both")], &mut out);
    writer.drops(lo, Drops { at: 1, received: script.frames.len() as u64, dropped: 7 }, &mut out);
    std::fs::write(file, out).unwrap();
}

/// What a capture is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Capture {
    Whole,
    /// Segments are missing from it. There, what tshark calls fast, out of order, or acknowledged unseen hangs on how it counts what it has not
    /// seen, which differs between its versions: these are only told as a repetition, or not at all.
    Holes,
}

/// Compares the marks of each packet, and the counts over all.
fn compare(script: &Script, capture: Capture) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capture.pcapng");
    write(script, &file);
    let mut arguments = vec!["-T", "fields", "-E", "separator=|", "-o", "tcp.analyze_sequence_numbers:TRUE"];
    arguments.extend(["-e", "frame.number", "-e", "tcp.len", "-e", "tcp.stream", "-e", "tcp.completeness"]);
    FIELDS.iter().for_each(|(_, field)| arguments.extend(["-e", field]));
    let Some(theirs) = tshark(&file, &arguments) else { return };
    let mut story = Story::new(Options { acknowledgements: true, ..Options::default() });
    let mut ours = BTreeMap::new();
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| {
            ours.insert(
                number,
                event.marks.iter().filter(|mark| FIELDS.iter().any(|(known, _)| known == mark)).collect(),
            );
        });
    }
    let (mut bytes, mut complete, mut retransmissions) = (0, BTreeMap::new(), 0);
    for row in theirs.lines() {
        let columns: Vec<_> = row.split('|').collect();
        let number: u64 = columns[0].parse().unwrap();
        bytes += columns[1].parse().unwrap_or(0);
        complete.insert(columns[2].to_owned(), columns[3].parse().unwrap_or(0) & 7 == 7);
        let set = FIELDS.iter().zip(&columns[4..]).filter(|(_, value)| !value.is_empty());
        let mut marks: Vec<Mark> = set.map(|((mark, _), _)| *mark).collect();
        retransmissions += u64::from(marks.contains(&Mark::Retransmission));
        // There, the other two are retransmissions as well.
        if marks.iter().any(|mark| [Mark::FastRetransmission, Mark::SpuriousRetransmission].contains(mark)) {
            marks.retain(|&mark| mark != Mark::Retransmission);
        }
        let told = ours.remove(&number).unwrap_or_default();
        assert_eq!(comparable(told, capture), comparable(marks, capture), "packet {number}, ours and theirs");
    }
    let totals = story.finish().totals;
    let handshakes = complete.values().filter(|&&complete| complete).count() as u64;
    assert_eq!((totals.tcp_bytes, totals.handshakes), (bytes, handshakes));
    if capture == Capture::Whole {
        assert_eq!(totals.retransmissions, retransmissions);
    }
    assert_nothing_is_wrong(&file);
}

fn comparable(mut marks: Vec<Mark>, capture: Capture) -> Vec<Mark> {
    if capture == Capture::Holes {
        marks.retain(|&mark| mark != Mark::AcknowledgesUnseen);
        for mark in &mut marks {
            if [Mark::FastRetransmission, Mark::OutOfOrder].contains(mark) {
                *mark = Mark::Retransmission;
            }
        }
    }
    marks.sort_unstable();
    marks
}

fn assert_nothing_is_wrong(file: &Path) {
    let wrong = "_ws.malformed || tcp.checksum.status==Bad || udp.checksum.status==Bad || ip.checksum.status==Bad";
    let checks = ["-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    let found = tshark(file, &[&checks[..], &["-Y", wrong]].concat());
    assert_eq!(found.as_deref(), Some(""));
}

#[test]
fn the_labs_are_counted_alike() {
    for script in [labs::calc_script(), secret::tls_script()] {
        compare(&script, Capture::Whole);
    }
}

/// Segments near to what would be expected, in every kind of disorder.
fn disorder(seed: u64, capture: Capture) -> Script {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut script = Script::new();
    // Somewhere in the middle, so that a number is never 0, which tshark takes for none; one of them wraps around.
    let mut tcp =
        script.open(local(40001), local(12001), [u32::MAX - chance.u32(2000..4000), chance.u32(1 << 20..1 << 30)]);
    let mut sent: Vec<(usize, Vec<u8>)> = Vec::new();
    for _ in 0..400 {
        script.wait([0, 0, 1, 5, 30][chance.usize(..5)]);
        let by = chance.usize(..2);
        let frame = match chance.u8(..10) {
            0 if !sent.is_empty() => {
                let (_, frame) = &sent[chance.usize(sent.len().saturating_sub(8)..sent.len())];
                script.frame(frame.clone());
                continue;
            }
            // Lost before the capture.
            1 if capture == Capture::Holes => {
                tcp.next[by] = tcp.next[by].wrapping_add(chance.u32(1..200));
                continue;
            }
            2 => bent(&tcp, by, i32::from(capture == Capture::Holes), &mut chance),
            3 | 4 => {
                script.send_with_window(&mut tcp, by, "A", [0, 1, 2, 512][chance.usize(..4)], b"");
                continue;
            }
            _ => {
                let before = script.frames.len();
                let window = if chance.u8(..9) == 0 { 1 } else { 512 };
                script.send_with_window(&mut tcp, by, "PA", window, &vec![b'x'; chance.usize(1..300)]);
                sent.push((by, script.frames[before].1.clone()));
                continue;
            }
        };
        script.frame(frame);
    }
    script.close(&mut tcp, [CLIENT, SERVER][chance.usize(..2)]);
    script
}

/// A segment whose numbers are a little off, backwards or up to `ahead`.
fn bent(tcp: &Tcp, by: usize, ahead: i32, chance: &mut fastrand::Rng) -> Vec<u8> {
    let numbers = (
        tcp.next[by].wrapping_add_signed(chance.i32(-300..=ahead)),
        tcp.next[1 - by].wrapping_add_signed(chance.i32(-300..=ahead)),
    );
    let data = vec![b'y'; [0, 1, 2, 100][chance.usize(..4)]];
    segment((tcp.ends[by], tcp.ends[1 - by]), "A", numbers, 512, &data)
}

#[test]
fn disorder_is_counted_alike() {
    for seed in 0..4 {
        compare(&disorder(seed, Capture::Whole), Capture::Whole);
        compare(&disorder(seed, Capture::Holes), Capture::Holes);
    }
}
