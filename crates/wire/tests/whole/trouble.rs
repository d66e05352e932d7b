//! What TCP does when something goes wrong, and captures that do not have everything.

use wire::capture::Packet;
use wire::story::{Mark, Options, Role, Story};
use wire::summary::End;

use crate::golden::{compare, lines, summed_up, words};
use crate::script::{CLIENT, SERVER, Script, Tcp, datagram, local, port_unreachable, segment};

fn marks(script: &Script) -> Vec<(u64, Vec<Mark>)> {
    let mut story = Story::new(Options { acknowledgements: true, ..Options::default() });
    let mut seen = Vec::new();
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| seen.push((number, event.marks.iter().collect())));
    }
    seen
}

pub(crate) fn marks_of(script: &Script, number: u64) -> Vec<Mark> {
    marks(script).into_iter().find(|&(packet, _)| packet == number).map_or(Vec::new(), |(_, marks)| marks)
}

#[test]
fn loss() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40031), local(12001), [u32::MAX - 10, 2]);
    script.say(&mut tcp, CLIENT, b"first\n");
    // The second is lost before the capture, so the receiver asks for it again and again. The numbers wrap around within.
    let lost = tcp;
    tcp.next[CLIENT] = tcp.next[CLIENT].wrapping_add(7);
    for text in [b"third\n", b"forth\n", b"fifth\n"] {
        script.send(&mut tcp, CLIENT, "PA", text);
        let asked = segment((tcp.ends[1], tcp.ends[0]), "A", (tcp.next[1], lost.next[0]), 512, b"");
        script.frame(asked);
    }
    script.wait(5);
    let again = segment((tcp.ends[0], tcp.ends[1]), "PA", (lost.next[0], tcp.next[1]), 512, b"second\n");
    script.frame(again.clone());
    script.send(&mut tcp, SERVER, "A", b"");
    script.wait(300);
    // Once more, although it has arrived.
    script.frame(again);
    script.send(&mut tcp, SERVER, "A", b"");
    script.close(&mut tcp, CLIENT);
    compare("loss", &script);
}

#[test]
fn overtaking() {
    let mut script = Script::new();
    let ends = (local(40032), local(12001));
    let mut tcp = script.open(ends.0, ends.1, [1, 1]);
    script.frame(segment(ends, "PA", (8, 2), 512, b"second\n"));
    script.frame(segment(ends, "PA", (2, 2), 512, b"first\n"));
    tcp.next[CLIENT] = 15;
    script.send(&mut tcp, SERVER, "A", b"");
    assert!(marks_of(&script, 4).contains(&Mark::GapBefore));
    assert_eq!(marks_of(&script, 5), [Mark::OutOfOrder]);
    assert_eq!(summed_up(&script).conversations[0].said[CLIENT].messages, 2);
}

#[test]
fn a_full_window_and_a_keep_alive() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40033), local(12001), [1, 1]);
    script.send_with_window(&mut tcp, SERVER, "A", 2, b"");
    // Two windows of 128 bytes.
    script.send(&mut tcp, CLIENT, "PA", &[b'x'; 256]);
    script.send_with_window(&mut tcp, SERVER, "A", 0, b"");
    script.wait(200);
    script.send(&mut tcp, CLIENT, "A", b"x");
    tcp.next[CLIENT] -= 1;
    script.send_with_window(&mut tcp, SERVER, "A", 0, b"");
    script.wait(200);
    script.send(&mut tcp, SERVER, "A", b"");
    script.wait(60_000);
    let mut asks = Tcp { next: [tcp.next[0] - 1, tcp.next[1]], ..tcp };
    script.send(&mut asks, CLIENT, "A", b"");
    script.send(&mut tcp, SERVER, "A", b"");
    compare("windows", &script);
    assert_eq!(marks_of(&script, 5), [Mark::WindowFull]);
    assert_eq!(marks_of(&script, 6), [Mark::ZeroWindow]);
    assert_eq!(marks_of(&script, 7), [Mark::ZeroWindowProbe]);
    assert!(marks_of(&script, 8).contains(&Mark::ZeroWindowProbeAcknowledgement));
    assert_eq!(marks_of(&script, 9), [Mark::WindowUpdate]);
    assert_eq!(marks_of(&script, 10), [Mark::KeepAlive]);
    assert_eq!(marks_of(&script, 11), [Mark::KeepAliveAcknowledgement]);
}

#[test]
fn delayed_acknowledgement_and_nagle() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40034), local(12001), [1, 1]);
    script.send(&mut tcp, CLIENT, "PA", b"one\n");
    script.wait(40);
    script.send(&mut tcp, SERVER, "A", b"");
    script.send(&mut tcp, CLIENT, "PA", b"two\nthree\n");
    script.send(&mut tcp, SERVER, "PA", b"thanks\n");
    script.send(&mut tcp, CLIENT, "A", b"");
    compare("nagle", &script);
    assert_eq!(marks_of(&script, 5), [Mark::Delayed]);
    assert_eq!(marks_of(&script, 6), [Mark::HeldBack]);
}

#[test]
fn what_travels_on_a_slow_path_is_not_called_delayed() {
    let mut script = Script::new();
    let mut tcp = Tcp { ends: [local(40035), local(12001)], next: [1, 1] };
    script.send(&mut tcp, CLIENT, "S", b"");
    script.wait(100);
    script.send(&mut tcp, SERVER, "SA", b"");
    script.send(&mut tcp, CLIENT, "A", b"");
    script.send(&mut tcp, CLIENT, "PA", b"one\n");
    script.wait(100);
    script.send(&mut tcp, SERVER, "A", b"");
    script.send(&mut tcp, CLIENT, "PA", b"two\n");
    assert_eq!((marks_of(&script, 5), marks_of(&script, 6)), (vec![], vec![]));
}

#[test]
fn a_capture_that_came_late_and_has_holes() {
    let mut script = Script::new();
    let mut tcp = Tcp { ends: [local(40036), local(12001)], next: [5000, 9000] };
    script.send(&mut tcp, SERVER, "PA", b"in the middle\n");
    script.send(&mut tcp, CLIENT, "A", b"");
    // 100 bytes that the capture does not have, but the receiver does.
    tcp.next[SERVER] += 100;
    script.send(&mut tcp, CLIENT, "A", b"");
    script.wait(200);
    script.send(&mut tcp, SERVER, "PA", b"and on\n");
    script.send(&mut tcp, CLIENT, "A", b"");
    compare("holes", &script);
    let summary = summed_up(&script);
    assert_eq!((summary.conversations[0].said[SERVER].missing, summary.conversations[0].end), (100, End::Open));
    assert_eq!(summary.conversations[0].server.address, local(12001), "the lower port is the service's");
}

#[test]
fn nobody_listens_or_nobody_answers() {
    let mut script = Script::new();
    let mut refused = Tcp { ends: [local(40037), local(12001)], next: [1, 0] };
    script.send(&mut refused, CLIENT, "S", b"");
    script.send(&mut refused, SERVER, "RA", b"");
    let mut silent = Tcp { ends: [local(40038), local(12002)], next: [1, 0] };
    script.send(&mut silent, CLIENT, "S", b"");
    silent.next[CLIENT] = 1;
    script.wait(1000);
    script.send(&mut silent, CLIENT, "S", b"");
    compare("refused", &script);
}

#[test]
fn the_same_ports_again_are_another_connection() {
    let mut script = Script::new();
    for first in [[1, 1], [70_000, 90_000]] {
        let mut tcp = script.open(local(40039), local(12001), first);
        script.say(&mut tcp, CLIENT, b"hello\n");
        script.close(&mut tcp, CLIENT);
    }
    let summary = summed_up(&script);
    assert_eq!((summary.conversations.len(), summary.totals.handshakes), (2, 2));
    assert!(summary.conversations.iter().all(|it| it.client.name == "client 1" && it.said[0].messages == 1));
}

#[test]
fn wrong_checksums_and_cut_packets_are_said() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40040), local(12001), [1, 1]);
    script.send(&mut tcp, CLIENT, "PA", b"good\n");
    script.send(&mut tcp, CLIENT, "PA", b"bent\n");
    let (_, bent) = script.frames.last_mut().unwrap();
    *bent.last_mut().unwrap() = b'!';
    script.send(&mut tcp, SERVER, "A", b"");
    script.send(&mut tcp, CLIENT, "PA", &[b'x'; 1000]);
    assert_eq!(marks_of(&script, 5), [Mark::BadChecksum]);
    assert!(lines(&script, None).contains("\"bent!\" · wrong checksum"));

    let mut story = Story::new(Options::default());
    let (mut cut, mut bytes) = (Vec::new(), 0);
    for (number, packet) in script.packets() {
        let kept = Packet { bytes: &packet.bytes[..packet.bytes.len().min(96)], ..packet };
        story.take(&kept, number, &mut |event| {
            if event.marks.has(Mark::Cut) {
                cut.push(number);
                bytes = event.bytes;
            }
        });
    }
    assert_eq!((cut, bytes), (vec![7], 1000));
    assert_eq!(story.finish().conversations[0].said[CLIENT].missing, 1000 - (96 - 54));
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut script = Script::new();
    for port in 0..wire::story::CONVERSATIONS_MAX as u16 + 500 {
        script.datagram(local(20_000 + port), local(53), b"?");
    }
    let summary = summed_up(&script);
    assert_eq!(summary.conversations.len(), wire::story::CONVERSATIONS_MAX);
    assert_eq!(summary.totals.forgotten, 500);
    assert_eq!(summary.conversations.last().unwrap().client.name, "client 4596");
}

#[test]
fn what_is_over_is_forgotten_before_what_goes_on() {
    let mut script = Script::new();
    let mut lasting = script.open(local(19_999), local(12001), [1, 1]);
    for port in 0..wire::story::CONVERSATIONS_MAX as u16 + 10 {
        let mut tcp = script.open(local(20_000 + port), local(12001), [1, 1]);
        script.close(&mut tcp, CLIENT);
    }
    script.say(&mut lasting, CLIENT, b"still here\n");
    // One that was forgotten is new when it comes again.
    script.open(local(20_000), local(12001), [1_000_000, 1]);
    let summary = summed_up(&script);
    assert_eq!(summary.conversations.last().unwrap().client.name, "client 4108");
    let first = &summary.conversations[0];
    assert_eq!((first.client.address, first.said[CLIENT].messages), (local(19_999), 1));
    assert_eq!((summary.totals.forgotten, summary.totals.handshakes), (12, 4108));
}

#[test]
fn what_is_kept_beyond_gaps_is_bounded_over_all_connections() {
    const SEGMENT_BYTES: u32 = 60_000;
    let mut story = Story::new(Options::default());
    let (mut number, mut missing) = (0, 0);
    for port in 0..300 {
        let mut script = Script::new();
        let mut tcp = script.open(local(20_000 + port), local(12001), [1, 1]);
        // One byte is missing before four segments: too little for one connection to be over its bound.
        tcp.next[CLIENT] += 1;
        for _ in 0..4 {
            script.send(&mut tcp, CLIENT, "A", &[b'x'; SEGMENT_BYTES as usize]);
        }
        for (_, packet) in script.packets() {
            number += 1;
            story.take(&packet, number, &mut |event| missing += event.missing);
        }
    }
    assert!(missing >= 10, "only {missing} connections were told to lack a byte before the end");
}

#[test]
fn a_refused_datagram_is_not_the_end_if_answers_come_later() {
    let mut script = Script::new();
    let (client, server) = (local(40041), local(12003));
    let asked = datagram(client, server, b"SEND_DATE");
    script.frame(asked.clone());
    script.frame(port_unreachable(&asked, server, client));
    assert!(matches!(summed_up(&script).conversations[0].end, End::Refused { number: 2, why: Some(_), .. }));
    script.datagram(client, server, b"SEND_DATE");
    script.datagram(server, client, b"2026-01-05");
    assert_eq!(summed_up(&script).conversations[0].end, End::Datagrams);
}

#[test]
fn an_answer_that_comes_first_is_known_by_its_port() {
    let mut script = Script::new();
    script.datagram(local(12003), local(40042), b"2026-01-05");
    let mut story = Story::new(Options { service_ports: vec![12003], ..Options::default() });
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| assert_eq!((event.from.name, event.to.name), ("server", "client 1")));
    }
    let told = words(&story.finish(), 100);
    assert!(told.contains("Nobody: UDP opens nothing.\n"), "{told}");
}

#[test]
fn an_acknowledgement_that_crosses_a_fin_has_not_seen_it() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40043), local(12001), [1, 1]);
    script.send(&mut tcp, CLIENT, "PA", b"bye\n");
    let before = tcp.next[CLIENT];
    script.send(&mut tcp, CLIENT, "FA", b"");
    script.frame(segment((tcp.ends[1], tcp.ends[0]), "A", (tcp.next[SERVER], before), 512, b""));
    script.send(&mut tcp, SERVER, "A", b"");
    assert_eq!(marks_of(&script, 6), []);
    assert_eq!(marks_of(&script, 7), [Mark::AcknowledgesFin]);
    assert!(matches!(summed_up(&script).conversations[0].end, End::HalfClosed { number: 5, .. }));
}

#[test]
fn only_the_acknowledgement_of_the_syn_opens() {
    let mut script = Script::new();
    let mut tcp = Tcp { ends: [local(40044), local(12001)], next: [1, 5000] };
    script.send(&mut tcp, CLIENT, "S", b"");
    script.send(&mut tcp, SERVER, "SA", b"");
    // Left over from an earlier connection.
    script.frame(segment((tcp.ends[0], tcp.ends[1]), "A", (2, 4000), 512, b""));
    script.send(&mut tcp, CLIENT, "A", b"");
    assert!(!marks_of(&script, 3).contains(&Mark::Opens) && marks_of(&script, 4).contains(&Mark::Opens));
    assert_eq!(summed_up(&script).conversations[0].handshake, [Some(1), Some(2), Some(4)]);
}

#[test]
fn an_answer_to_a_client_that_is_gone_is_not_called_a_server_that_is_not_there() {
    let mut script = Script::new();
    let (client, server) = (local(40045), local(12003));
    script.datagram(client, server, b"SEND_DATE");
    let answer = datagram(server, client, b"2026-01-05");
    script.frame(answer.clone());
    script.frame(port_unreachable(&answer, client, server));
    let summary = summed_up(&script);
    assert!(matches!(summary.conversations[0].end, End::Refused { number: 3, by: Role::Client, .. }), "{summary:?}");
    let told = words(&summary, 100);
    assert!(told.contains("What was sent to client 1 did not arrive, says ICMP in packet 3"), "{told}");
}

#[test]
fn an_error_about_an_open_connection_is_not_its_end() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40046), local(12001), [1, 1]);
    let sent = segment((tcp.ends[0], tcp.ends[1]), "PA", (tcp.next[CLIENT], tcp.next[SERVER]), 512, b"hi\n");
    script.frame(port_unreachable(&sent, tcp.ends[1], tcp.ends[0]));
    script.say(&mut tcp, CLIENT, b"hi\n");
    script.close(&mut tcp, CLIENT);
    assert!(matches!(summed_up(&script).conversations[0].end, End::Closed { .. }));
}

#[test]
fn an_error_belongs_to_the_ports_that_it_quotes() {
    let asked = datagram(local(40047), local(12003), b"SEND_DATE");
    let mut script = Script::new();
    script.frame(port_unreachable(&asked, local(12003), local(40047)));
    let (_, packet) = script.packets().next().unwrap();
    assert_eq!(wire::endpoints(&packet), Some((wire::Transport::Udp, local(40047), local(12003))));
}
