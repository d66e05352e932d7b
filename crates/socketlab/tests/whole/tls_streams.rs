//! What is said under TLS: whole, in order, to its end, and never in the clear.

use std::io::{BufRead as _, Read as _, Write as _};
use std::net::Shutdown;

use rustls::{HandshakeKind, StreamOwned};

use crate::chat::Member;
use crate::chat_limits::{SLOW_SOON, read_too_slowly};
use crate::server::Server;
use crate::tls::{BOTH_DOORS, Secure, trusting};

#[test]
fn a_session_is_resumed() {
    let server = Server::start(&["chat=tls://127.0.0.1:0"]);
    let (config, at) = (trusting(&server, "socketlab-chat"), server.at("chat", "tls"));
    for wanted in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut member = Secure::enter(&config, at, "Ada", 1);
        assert_eq!(member.0.get_ref().conn.handshake_kind(), Some(wanted));
        member.say("quit");
        assert_eq!(member.0.read_line(&mut String::new()).unwrap(), 0, "the server says that it is done");
    }
}

#[test]
fn who_is_cut_off_says_nothing_by_it() {
    let server = Server::start(&BOTH_DOORS);
    let (config, at) = (trusting(&server, "socketlab-chat"), server.at("chat", "tls"));
    let mut plain = Member::enter(&server, "Ada", 1);
    let mut cut = Secure::enter(&config, at, "Grace", 2);
    plain.hears("Server: Grace has joined. Member count=2");
    cut.0.get_mut().write_all(b"send it all to").unwrap();
    // A FIN that is not of her making: nothing under TLS says that she is done.
    cut.socket().shutdown(Shutdown::Write).unwrap();
    plain.hears("Server: Grace has left. Member count=1");
    let mut ends = Secure::enter(&config, at, "Alan", 2);
    plain.hears("Server: Alan has joined. Member count=2");
    ends.0.get_mut().write_all(b"my last").unwrap();
    let StreamOwned { conn, sock } = ends.0.get_mut();
    conn.send_close_notify();
    conn.write_tls(sock).unwrap();
    plain.hears("Alan: my last");
    plain.hears("Server: Alan has left. Member count=1");
}

#[test]
fn much_text_comes_back_whole_and_in_order() {
    let server = Server::start(&["echo=tls://127.0.0.1:0"]);
    let mut echo = Secure::connect(&trusting(&server, "socketlab-echo"), server.at("echo", "tls"));
    echo.say("first of all");
    echo.hears("first of all");
    let lines: String = (0..20_000).map(|number| format!("{number} {}\n", "x".repeat(number % 97))).collect();
    let said = lines.clone();
    let mut writer = echo.socket().try_clone().unwrap();
    let StreamOwned { conn, .. } = echo.0.get_mut();
    let mut heard = Vec::new();
    // More than all buffers hold is under way, so the server must stop reading until we have read.
    let mut said = said.as_bytes();
    while heard.len() < lines.len() {
        if !said.is_empty() {
            let taken = conn.writer().write(&said[..said.len().min(16 * 1024)]).unwrap();
            said = &said[taken..];
            while conn.wants_write() {
                conn.write_tls(&mut writer).unwrap();
            }
            continue;
        }
        assert!(conn.read_tls(&mut writer).unwrap() > 0, "the server closed");
        let state = conn.process_new_packets().unwrap();
        let mut piece = vec![0; state.plaintext_bytes_to_read()];
        conn.reader().read_exact(&mut piece).unwrap();
        heard.extend(piece);
    }
    assert!(heard == lines.as_bytes());
}

#[test]
fn who_reads_too_slowly_is_told_behind_whole_records_and_disturbs_nobody() {
    let server = Server::start(&[&BOTH_DOORS[..], &SLOW_SOON].concat());
    let (config, at) = (trusting(&server, "socketlab-chat"), server.at("chat", "tls"));
    let mut talker = Member::enter(&server, "Talker", 1);
    let mut witness = Secure::enter(&config, at, "Witness", 2);
    talker.hears("Server: Witness has joined. Member count=2");
    let enter = || Secure::enter(&config, at, "Slow", 3);
    read_too_slowly(
        &mut talker,
        || witness.line(),
        enter,
        |mut slow| {
            let mut heard = Vec::new();
            // Where it starts to read too late, the connection ends within a record.
            let _ = slow.0.read_to_end(&mut heard);
            String::from_utf8(heard).unwrap()
        },
    );
}
