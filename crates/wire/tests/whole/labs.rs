//! Each lab's pair of programs, as it would be seen on loopback.

use std::net::{Ipv6Addr, SocketAddr};

use wire::Lines;
use wire::story::Story;

use crate::golden::{self, compare, compare_text};
use crate::script::{CLIENT, SERVER, Script, datagram, local, port_unreachable};

#[test]
fn numbers() {
    let mut script = Script::new();
    let server = local(12000);
    for number in 1..=3 {
        for client in [local(11000), local(13000)] {
            script.datagram(client, server, number.to_string().as_bytes());
            script.wait(250);
        }
    }
    compare("numbers", &script);
}

#[test]
fn echo() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40001), local(12001), [100, 700]);
    script.say(&mut tcp, CLIENT, b"Hello\r\n");
    script.say(&mut tcp, SERVER, b"Hello\r\n");
    // Two messages in one segment, then one message in two.
    script.say(&mut tcp, CLIENT, b"one\r\ntwo\r\n");
    script.say(&mut tcp, SERVER, b"one\r\ntwo\r\n");
    script.say(&mut tcp, CLIENT, b"Gr\xc3");
    script.wait(5);
    script.say(&mut tcp, CLIENT, b"\xbc\xc3\x9fe, \xe4\xb8\x96\xe7\x95\x8c\r\n");
    script.say(&mut tcp, SERVER, "Grüße, 世界\r\n".as_bytes());
    script.close(&mut tcp, CLIENT);
    compare("echo", &script);
}

#[test]
fn alnum() {
    let mut script = Script::new();
    let (client, server) = (local(40002), local(12002));
    script.datagram(client, server, b"abc123");
    script.datagram(server, client, b"Alphanumeric.");
    // Somebody tries to act on the watcher's terminal.
    script.datagram(client, server, "\x1b[2J\x07\u{202e}evil\u{9b}31m".as_bytes());
    script.datagram(server, client, b"Not Alphanumeric.");
    compare("alnum", &script);
}

#[test]
fn clock() {
    let mut script = Script::new();
    let (client, server) = (local(40003), local(12003));
    script.datagram(client, server, b"SEND_DATE");
    script.datagram(server, client, b"2026-01-05");
    script.wait(1400);
    script.datagram(client, server, b"SEND_TIME");
    script.datagram(server, client, b"10:00:01");
    script.wait(1700);
    script.datagram(client, server, b"SEND_MONEY");
    script.datagram(server, client, b"Error in request format");
    script.wait(1100);
    // The server is gone.
    let asked = datagram(client, server, b"SEND_DATE");
    script.frame(asked.clone());
    script.frame(port_unreachable(&asked, server, client));
    compare("clock", &script);
}

/// A session of `calc` without newlines, as most programs for it speak.
pub(crate) fn calc_script() -> Script {
    let mut script = Script::new();
    let mut tcp = script.open(local(40004), local(12004), [4_000_000_000, 77]);
    script.say(&mut tcp, CLIENT, b"Batman");
    script.wait(900);
    script.say(&mut tcp, CLIENT, b"12 + 42");
    script.say(&mut tcp, SERVER, b"54");
    script.wait(900);
    script.say(&mut tcp, CLIENT, b"4.5 / -6");
    script.say(&mut tcp, SERVER, b"-0.75");
    script.wait(900);
    script.say(&mut tcp, CLIENT, b"1 + 23 * 4");
    script.say(&mut tcp, SERVER, b"Error: expected <number> <operator> <number>");
    script.wait(900);
    script.say(&mut tcp, CLIENT, b"q");
    script.close(&mut tcp, SERVER);
    script
}

#[test]
fn calc() {
    compare("calc", &calc_script());
}

#[test]
fn calc_as_values() {
    compare_text("calc-json", &golden::json(&calc_script()));
}

#[test]
fn calc_in_windows_of_other_widths() {
    let script = calc_script();
    let told: String = [40, 120]
        .map(|width| {
            let lines = golden::lines(&script, Some(width));
            let ladder = golden::ladder(&script, width);
            format!("{width} columns\n\n{lines}\n{ladder}\n{}\n", golden::words(&golden::summed_up(&script), width))
        })
        .concat();
    compare_text("calc-widths", &told);
}

#[test]
fn programs_are_named_where_they_are_known() {
    let script = calc_script();
    let (mut story, mut lines) = (Story::new(golden::options()), Lines::new(None));
    // One is known beforehand, the other once it has spoken; a program may call itself anything.
    story.note_process(wire::Transport::Tcp, local(12004), "python3 (pid 4711)");
    let mut text = String::new();
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| lines.write(event, &mut text));
        story.note_process(wire::Transport::Tcp, local(40004), "\x1b[2Jjava");
    }
    assert!(text.contains("127.0.0.1:40004 to 127.0.0.1:12004 (python3 (pid 4711))"), "{text}");
    let words = golden::words(&story.finish(), 80);
    assert!(words.contains("client 1 127.0.0.1:40004 (␛[2Jjava) and server"), "{words}");
}

#[test]
fn add() {
    let mut script = Script::new();
    let server = local(12005);
    let mut batman = script.open(local(40005), server, [1, 2]);
    script.say(&mut batman, CLIENT, b"Batman-4711");
    script.say(&mut batman, SERVER, b"ack");
    let mut robin = script.open(local(40006), server, [3, 4]);
    script.say(&mut robin, CLIENT, b"Robin-42");
    script.say(&mut robin, SERVER, b"ack");
    script.say(&mut batman, CLIENT, b"3 4");
    script.say(&mut batman, SERVER, b"7");
    script.close(&mut batman, CLIENT);
    // Robin's program is killed with an answer unread.
    script.send(&mut robin, CLIENT, "PA", b"10 1");
    script.send(&mut robin, SERVER, "PA", b"11");
    script.send(&mut robin, CLIENT, "R", b"");
    compare("add", &script);
}

#[test]
fn sum() {
    let mut script = Script::new();
    let at = |port| SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port);
    let mut tcp = script.open(at(40007), at(12006), [5, 6]);
    script.say(&mut tcp, SERVER, b"welcome");
    script.say(&mut tcp, CLIENT, b"3");
    script.say(&mut tcp, SERVER, b"num1 received");
    script.say(&mut tcp, CLIENT, b"4");
    script.say(&mut tcp, SERVER, b"7");
    let mut other = script.open(at(40008), at(12006), [5, 6]);
    script.say(&mut other, SERVER, b"Server Is Busy");
    script.close(&mut other, SERVER);
    script.say(&mut tcp, CLIENT, b"Exit");
    script.close(&mut tcp, CLIENT);
    compare("sum", &script);
}

#[test]
fn board() {
    let mut script = Script::new();
    let (client, server) = (local(40009), local(12007));
    script.datagram(client, server, b"POST Buy milk");
    script.datagram(client, server, b"POST \xe4\xb8\x96\xe7\x95\x8c");
    script.wait(200);
    script.datagram(client, server, b"GET");
    script.datagram(server, client, b"Buy milk");
    script.datagram(server, client, "世界".as_bytes());
    script.datagram(server, client, b"<<--bye-->>");
    compare("board", &script);
}

#[test]
fn chat() {
    let mut script = Script::new();
    let server = local(12009);
    let mut batman = script.open(local(40011), server, [10, 20]);
    script.say(&mut batman, CLIENT, b"Batman\n");
    script.say(&mut batman, SERVER, b"Server: time=10.01 Batman has joined. Member count=1\n");
    let mut robin = script.open(local(40012), server, [30, 40]);
    script.say(&mut robin, CLIENT, b"Robin\n");
    let joined = b"Server: time=10.01 Robin has joined. Member count=2\n";
    script.say(&mut robin, SERVER, joined);
    script.say(&mut batman, SERVER, joined);
    script.wait(2000);
    script.say(&mut batman, CLIENT, b"Anyone here?\nHello?\n");
    script.say(&mut robin, SERVER, b"Batman: Anyone here?\nBatman: Hello?\n");
    script.say(&mut robin, CLIENT, b"quit\n");
    script.say(&mut batman, SERVER, b"Server: time=10.02 Robin has left. Member count=1\n");
    script.close(&mut robin, CLIENT);
    compare("chat", &script);
}
