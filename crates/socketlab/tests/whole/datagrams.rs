//! Services over UDP.

use std::net::UdpSocket;

use crate::peer::Datagram;
use crate::server::Server;

#[test]
fn clock_tells_date_and_time() {
    let server = Server::start(&["clock=0"]);
    let peer = Datagram::connect(server.at("clock", "udp"));
    let today = || jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let before = today();
    peer.send(b"SEND_DATE");
    let date = peer.receive();
    assert!(date == before || date == today(), "{date}");
    peer.send(b"SEND_TIME\n");
    let time = peer.receive();
    assert!(time.ends_with('\n'), "a newline is mirrored: {time:?}");
    jiff::civil::Time::strptime("%H:%M:%S", time.trim_end()).unwrap();
    peer.send(b"SEND_MONEY");
    peer.expect("Error in request format");
}

#[test]
fn every_datagram_service_survives_any_datagram() {
    let server =
        Server::start(&["echo=udp://0", "alnum=udp://0", "clock=0", "sum=udp://0", "board=0", "numbers=0", "--quiet"]);
    let probes = [
        ("echo", "hi", "hi"),
        ("alnum", "abc1", "Alphanumeric."),
        ("clock", "?", "Error in request format"),
        ("sum", "3 4", "7"),
        ("board", "GET", "<<--bye-->>"),
        ("numbers", "101", "Error: expected a number from 1 to 100"),
    ];
    let mut chance = fastrand::Rng::with_seed(1);
    for (service, request, answer) in probes {
        let peer = Datagram::connect(server.at(service, "udp"));
        for _ in 0..200 {
            let mut junk = vec![0; chance.usize(0..2000)];
            chance.fill(&mut junk);
            // A POST among the junk would be kept.
            peer.send(&junk);
        }
        peer.send(&vec![b'x'; 60_000]);
        // A socket of its own, so that the answers to the junk are not in the way.
        let probe = Datagram::connect(server.at(service, "udp"));
        probe.send(request.as_bytes());
        probe.expect(answer);
    }
}

#[test]
fn a_datagram_is_one_message_however_it_ends() {
    let server = Server::start(&["sum=udp://[::1]:0"]);
    let peer = Datagram::connect(server.at("sum", "udp"));
    for (request, answer) in [("3 4", "7"), ("3 4\n", "7\n"), ("3,4\r\n", "7\r\n"), ("3 4\0\0\0", "7\0\0\0\0\0")] {
        peer.send(request.as_bytes());
        peer.expect(answer);
    }
    peer.send(b"3");
    peer.send(b"4");
    peer.expect("7");
}

#[test]
fn numbers_tells_clients_apart_and_counts() {
    let server = Server::start(&["numbers=udp://127.0.0.1:0"]);
    let (one, two) = (Datagram::connect(server.at("numbers", "udp")), Datagram::connect(server.at("numbers", "udp")));
    let names = [&one, &two].map(|client| client.0.local_addr().unwrap());
    for (client, name, number) in [
        (&one, names[0], "1"),
        (&two, names[1], "1"),
        (&one, names[0], "2"),
        (&one, names[0], "5"),
        (&one, names[0], "4"),
    ] {
        client.send(number.as_bytes());
        assert_eq!(server.next_line(), format!("{name}: {number}"));
    }
    server.signal(rustix::process::Signal::INT);
    let (status, lines) = server.wait();
    assert!(status.success());
    assert!(lines.contains(&format!("{}: 4 received, 1 lost, 0 repeated, 1 late", names[0])), "{lines:?}");
    assert!(lines.contains(&format!("{}: 1 received, 0 lost, 0 repeated, 0 late", names[1])), "{lines:?}");
    assert!(one.is_silent() && two.is_silent(), "numbers are not answered");
}

#[test]
fn two_services_cannot_be_set_talking_to_each_other() {
    let server = Server::start(&["echo=udp://127.0.0.1:0", "alnum=udp://127.0.0.1:0"]);
    // As if forged: a datagram that comes from a port of the other, at another address of this computer.
    let port = server.at("alnum", "udp").port();
    let forged = UdpSocket::bind(("127.0.0.2", port)).unwrap();
    forged.send_to(b"loop", server.at("echo", "udp")).unwrap();
    server.expect_line(&format!("127.0.0.2:{port}: not answered, since port {port} is a lab's; use another"));
    forged.set_nonblocking(true).unwrap();
    assert!(forged.recv(&mut [0; 16]).is_err());
}
