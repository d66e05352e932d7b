//! Capture and its filter, in a network of this test's own. It has no harness, since only a process without threads can enter one.
#![allow(unsafe_code, reason = "a frame is sent through an address that only the system's own type can hold")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is a test, and prints like one")]

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    if let Err(hindrance) = lan::namespace::enter() {
        assert!(std::env::var_os("NO_SKIPPED_TESTS").is_none_or(|set| set != "1"), "SKIPPED network: {hindrance}");
        println!("SKIPPED network: {hindrance}");
        return;
    }
    let checks: [(&str, fn()); 6] = [
        ("every address is this computer", linux::every_address_is_this_computer),
        ("each frame comes once, and none is lost at the end", linux::none_is_lost_at_the_end),
        ("drops are counted", linux::drops_are_counted),
        ("ports, hosts and transports are filtered", linux::places_are_filtered),
        ("errors, fragments and extended packets pass with what they belong to", linux::frames_are_filtered),
        ("privileges are given back", linux::privileges_are_given_back),
    ];
    for (name, check) in checks {
        check();
        println!("check {name} ... ok");
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{Read as _, Write as _};
    use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};

    use lan::capture::{Capture, Error, Filter, LOOPBACK};
    use socket2::{Domain, SockAddr, Socket, Type};
    use wire::{LinkType, Transport};

    pub(super) fn every_address_is_this_computer() {
        for address in ["192.168.1.77", "8.8.8.8", "127.0.0.1"] {
            let listener = TcpListener::bind((address, 0)).unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            client.write_all(b"hello").unwrap();
            drop(client);
            let mut heard = String::new();
            listener.accept().unwrap().0.read_to_string(&mut heard).unwrap();
            assert_eq!(heard, "hello", "at {address}");
        }
    }

    fn open(filter: &Filter) -> Capture {
        Capture::open(LOOPBACK, filter).unwrap()
    }

    /// The frames that the filter lets pass while something happens.
    fn captured(filter: &Filter, happen: impl FnOnce()) -> Vec<Vec<u8>> {
        let mut capture = open(filter);
        assert_eq!(capture.link(), LinkType::ETHERNET);
        happen();
        let mut frames = Vec::new();
        capture.stop(&mut |frame| frames.push(frame.bytes.to_vec())).unwrap();
        frames
    }

    fn pair(ip: &str) -> (UdpSocket, UdpSocket) {
        let (one, other) = (UdpSocket::bind((ip, 0)).unwrap(), UdpSocket::bind((ip, 0)).unwrap());
        one.connect(other.local_addr().unwrap()).unwrap();
        (one, other)
    }

    fn port(socket: &UdpSocket) -> u16 {
        socket.local_addr().unwrap().port()
    }

    pub(super) fn none_is_lost_at_the_end() {
        const COUNT: u32 = 20_000;
        let (sender, _receiver) = pair("127.0.0.1");
        let mut capture = open(&Filter { ports: vec![port(&sender)], ..Filter::default() });
        for number in 0..COUNT {
            sender.send(&number.to_be_bytes()).unwrap();
        }
        let (mut wanted, mut last) = (0, 0);
        let counts = capture
            .stop(&mut |frame| {
                assert_eq!(frame.bytes[42..], u32::to_be_bytes(wanted), "in the order sent, each once");
                assert!(frame.lacks_checksum && frame.original_len == 46 && frame.at >= last);
                (wanted, last) = (wanted + 1, frame.at);
            })
            .unwrap();
        assert_eq!((wanted, counts.taken, counts.dropped), (COUNT, COUNT.into(), 0));
    }

    pub(super) fn drops_are_counted() {
        let (sender, _receiver) = pair("127.0.0.1");
        let mut capture = open(&Filter { ports: vec![port(&sender)], ..Filter::default() });
        // More than the ring holds, with nobody who reads it.
        const COUNT: u64 = 2000;
        for _ in 0..COUNT {
            sender.send(&[0; 32_000]).unwrap();
        }
        let counts = capture.stop(&mut |frame| assert_eq!(frame.bytes.len(), frame.original_len)).unwrap();
        assert!(counts.dropped > 0, "{counts:?}");
        assert_eq!(counts.taken + counts.dropped, COUNT);
    }

    pub(super) fn places_are_filtered() {
        for ip in ["127.0.0.1", "::1"] {
            let (wanted, _receiver) = pair(ip);
            let (other, _other_receiver) = pair(ip);
            let talk = || {
                wanted.send(b"wanted").unwrap();
                other.send(b"other").unwrap();
                let listener = TcpListener::bind((ip, 0)).unwrap();
                drop(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
            };
            let ports = vec![1, port(&wanted), 2];
            let count = |filter: Filter| captured(&filter, talk).len();
            assert_eq!(count(Filter { ports: ports.clone(), ..Filter::default() }), 1);
            assert_eq!(count(Filter { transports: vec![Transport::Udp], ..Filter::default() }), 2);
            assert!(count(Filter { transports: vec![Transport::Tcp], ..Filter::default() }) >= 4);
            assert_eq!(count(Filter { transports: vec![Transport::Tcp], ports, hosts: Vec::new() }), 0);
            let host: IpAddr = ip.parse().unwrap();
            let hosts = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap(), host];
            assert!(count(Filter { hosts: hosts.clone(), ..Filter::default() }) >= 6);
            assert_eq!(count(Filter { hosts: hosts[..2].to_vec(), ..Filter::default() }), 0);
            assert!(count(Filter::default()) >= 6);
        }
        let full = Filter {
            ports: (1..=64).collect(),
            hosts: (1..=64).map(|low| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, low])).collect(),
            transports: Vec::new(),
        };
        assert_eq!(captured(&full, || drop(pair("127.0.0.1").0.send(b"x"))).len(), 0, "the largest program is valid");
        assert!(matches!(Capture::open("nowhere", &full), Err(Error::NoInterface(_))));
    }

    /// A frame of loopback: no addresses, a type, a packet.
    fn frame(ethertype: u16, packet: &[&[u8]]) -> Vec<u8> {
        [&[0; 12][..], &ethertype.to_be_bytes(), &packet.concat()].concat()
    }

    fn ipv4(protocol: u8, offset: u16, host: u8, options: &[u8]) -> Vec<u8> {
        let words = 0x45 + u8::try_from(options.len() / 4).unwrap();
        let head = [words, 0, 0, 0, 0, 0, offset.to_be_bytes()[0], offset.to_be_bytes()[1], 64, protocol, 0, 0];
        [&head[..], &[10, 0, 0, host], &[10, 0, 0, 99], options].concat()
    }

    fn ipv6(next: u8) -> Vec<u8> {
        [&[0x60, 0, 0, 0, 0, 0, next, 64][..], &[1; 16], &[2; 16]].concat()
    }

    /// Puts a frame onto loopback as it is.
    fn inject(frame: &[u8]) {
        let socket = Socket::new(Domain::PACKET, Type::RAW, None).unwrap();
        // SAFETY: the fields of a `sockaddr_ll`, which any storage of an address can hold.
        let (_, to) = unsafe {
            SockAddr::try_init(|storage, length| {
                let address: *mut libc::sockaddr_ll = storage.cast();
                (*address).sll_family = libc::AF_PACKET as u16;
                (*address).sll_ifindex = 1;
                *length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
                Ok(())
            })
        }
        .unwrap();
        socket.send_to(frame, &to).unwrap();
    }

    pub(super) fn frames_are_filtered() {
        let (ours, others) = ([0x2e, 0xe9, 0, 7], [0, 7, 0, 8]);
        let filter = Filter {
            transports: vec![Transport::Tcp],
            ports: vec![0x2ee9],
            hosts: vec!["10.0.0.1".parse().unwrap(), "101:101:101:101:101:101:101:101".parse().unwrap()],
        };
        let error = [3, 3, 0, 0, 0, 0, 0, 0];
        let passes = [
            frame(0x0800, &[&ipv4(6, 0, 1, &[]), &ours]),
            frame(0x0800, &[&ipv4(6, 0x2000, 1, &[1; 8]), &ours]),
            frame(0x0800, &[&ipv4(6, 100, 1, &[]), &others]),
            frame(0x0800, &[&ipv4(1, 0, 5, &[1; 4]), &error, &ipv4(6, 0, 1, &[1; 12]), &ours]),
            frame(0x86dd, &[&ipv6(6), &ours]),
            frame(0x86dd, &[&ipv6(44), &others]),
            frame(0x86dd, &[&ipv6(58), &[1, 0, 0, 0, 0, 0, 0, 0], &ipv6(6), &ours]),
        ];
        let drops = [
            frame(0x0800, &[&ipv4(6, 0, 1, &[]), &others]),
            frame(0x0800, &[&ipv4(6, 0, 2, &[]), &ours]),
            frame(0x0800, &[&ipv4(6, 100, 2, &[]), &ours]),
            frame(0x0800, &[&ipv4(17, 0, 1, &[]), &ours]),
            frame(0x0800, &[&ipv4(1, 0, 1, &[]), &[8, 0, 0, 0, 0, 0, 0, 0], &ipv4(6, 0, 1, &[]), &ours]),
            frame(0x0800, &[&ipv4(1, 0, 1, &[]), &error, &ipv4(6, 0, 1, &[]), &others]),
            frame(0x0800, &[&ipv4(1, 0, 1, &[]), &error, &ipv4(17, 0, 1, &[]), &ours]),
            frame(0x0800, &[&ipv4(6, 0, 1, &[])[..15]]),
            frame(0x86dd, &[&ipv6(17), &ours]),
            frame(0x86dd, &[&ipv6(58), &[128, 0, 0, 0, 0, 0, 0, 0], &ipv6(6), &ours]),
            frame(0x0806, &[&[0; 28]]),
        ];
        let send_all = || passes.iter().chain(&drops).for_each(|frame| inject(frame));
        assert_eq!(captured(&filter, send_all), passes);
    }

    pub(super) fn privileges_are_given_back() {
        let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut capture = open(&Filter { transports: vec![Transport::Udp], ..Filter::default() });
        lan::privileges::give_back(None).unwrap();
        assert!(matches!(Capture::open(LOOPBACK, &Filter::default()), Err(Error::Forbidden)));
        // What was open goes on.
        let receiver = UdpSocket::bind(address).unwrap();
        UdpSocket::bind(address).unwrap().send_to(b"last", receiver.local_addr().unwrap()).unwrap();
        let counts = capture.stop(&mut |frame| assert_eq!(frame.bytes[42..], *b"last")).unwrap();
        assert_eq!(counts.taken, 1);
    }
}
