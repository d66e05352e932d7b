//! Capture files: what is written is read again, however it is cut, and damage is told.

use std::net::{IpAddr, Ipv4Addr};

use wire::capture::{CaptureError, Damage, Drops, LinkType, Packet, Reader, Writer};

/// What was read of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    at: u64,
    link: u16,
    interface: u32,
    bytes: Vec<u8>,
    original_len: u32,
    comment: Option<String>,
}

fn read(file: &[u8], piece: usize) -> (Vec<Read>, Reader, Result<(), CaptureError>) {
    let mut reader = Reader::new();
    let mut packets = Vec::new();
    let mut take = |packet: Packet<'_>| {
        packets.push(Read {
            at: packet.at,
            link: packet.link.0,
            interface: packet.interface,
            bytes: packet.bytes.to_vec(),
            original_len: packet.original_len,
            comment: packet.comment.map(str::to_owned),
        });
    };
    let result = file.chunks(piece).try_for_each(|piece| reader.feed(piece, &mut take));
    let result = result.and_then(|()| reader.finish());
    (packets, reader, result)
}

fn written() -> (Vec<u8>, usize) {
    let mut file = Vec::new();
    let mut writer = Writer::new("socketlab 0.1.0", "a test", &mut file);
    let lo = writer.interface("lo", LinkType::ETHERNET, 0, &mut file);
    let raw = writer.interface("tun0", LinkType::RAW, 65_535, &mut file);
    for (number, interface) in [(1u64, lo), (2, raw), (3, lo)] {
        let bytes = vec![number as u8; 60 + number as usize];
        let packet = Packet {
            at: 1_767_607_200_123_456_789 + number,
            link: if interface == lo { LinkType::ETHERNET } else { LinkType::RAW },
            interface,
            bytes: &bytes,
            original_len: 1500,
            comment: None,
        };
        let comments: &[&str] = if number == 2 { &["handshake 1 of 3", "python3 (pid 4711)"] } else { &[] };
        writer.packet(&packet, comments, &mut file);
    }
    let end_of_packets = file.len();
    writer.names([(IpAddr::V4(Ipv4Addr::LOCALHOST), "server")], &mut file);
    writer.drops(lo, Drops { at: 1_767_607_201_000_000_000, received: 4, dropped: 1 }, &mut file);
    (file, end_of_packets)
}

#[test]
fn what_is_written_is_read_again_however_it_is_cut() {
    let (file, _) = written();
    let (whole, reader, result) = read(&file, file.len());
    assert_eq!(result, Ok(()));
    assert_eq!(whole.len(), 3);
    assert_eq!(whole[1].at, 1_767_607_200_123_456_791);
    assert_eq!((whole[1].link, whole[1].interface, whole[1].original_len), (101, 1, 1500));
    assert_eq!(whole[1].comment.as_deref(), Some("handshake 1 of 3"));
    assert_eq!(whole[2].bytes, [3; 63]);
    assert_eq!(reader.names().unwrap()[&IpAddr::V4(Ipv4Addr::LOCALHOST)], "server");
    let interfaces = reader.interfaces();
    assert_eq!((interfaces[0].name.as_deref(), interfaces[0].dropped), (Some("lo"), Some(1)));
    for piece in 1..100 {
        let (packets, _, result) = read(&file, piece);
        assert_eq!((packets, result), (whole.clone(), Ok(())), "in pieces of {piece}");
    }
}

#[test]
fn a_file_that_ends_early_is_told_with_what_came_before() {
    let (file, end_of_packets) = written();
    let whole = read(&file, file.len()).0;
    for end in 1..end_of_packets {
        let (packets, _, result) = read(&file[..end], 7);
        assert_eq!(packets, whole[..packets.len()]);
        let told = packets.len() as u64;
        match result {
            Err(CaptureError::Cut { at, packets }) => assert_eq!((at, packets), (end as u64, told)),
            Err(CaptureError::NotACapture) => assert!(end < 4),
            Ok(()) => {}
            other => panic!("{end}: {other:?}"),
        }
    }
}

/// A classic file with two packets, its numbers written by `put`.
fn classic(magic: u32, put: fn(u32) -> [u8; 4]) -> Vec<u8> {
    // Version 2.4: two numbers of 16 bits, which stand as one here.
    let version = if put(1) == 1u32.to_be_bytes() { 0x0002_0004 } else { 0x0004_0002 };
    let header = [magic, version, 0, 0, 65_535, 1];
    let records = [[1_767_607_200, 5, 4, 4], [1_767_607_201, 6, 3, 9]];
    let mut file: Vec<u8> = header.into_iter().flat_map(put).collect();
    for (record, bytes) in records.into_iter().zip([&b"abcd"[..], b"efg"]) {
        file.extend(record.into_iter().flat_map(put));
        file.extend(bytes);
    }
    file
}

#[test]
fn classic_files_are_read_in_both_byte_orders_and_resolutions() {
    for (magic, tick) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1)] {
        for put in [u32::to_le_bytes as fn(u32) -> [u8; 4], u32::to_be_bytes] {
            let file = classic(magic, put);
            for piece in [1, 5, file.len()] {
                let (packets, reader, result) = read(&file, piece);
                assert_eq!(result, Ok(()));
                assert_eq!(packets.len(), 2);
                assert_eq!(packets[1].at, 1_767_607_201_000_000_000 + 6 * tick);
                assert_eq!((&packets[1].bytes[..], packets[1].original_len, packets[1].link), (&b"efg"[..], 9, 1));
                assert_eq!(reader.packets(), 2);
            }
        }
    }
}

/// Blocks in big-endian order, as other machines write them.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = (12 + padded as u32).to_be_bytes();
    let padding = vec![0; padded - body.len()];
    [&kind.to_be_bytes()[..], &length, body, &padding, &length].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn section() -> Vec<u8> {
    block(0x0a0d_0d0a, &numbers(&[0x1a2b_3c4d, 0x0001_0000, u32::MAX, u32::MAX]))
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
    [&code.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value, &padding].concat()
}

#[test]
fn blocks_of_every_kind_and_several_sections_are_read() {
    let ethernet = |options: &[u8]| block(1, &[&[0, 1, 0, 0, 0, 0, 0, 3][..], options].concat());
    let half_seconds = [option(9, &[0x81]), option(14, &100i64.to_be_bytes()), option(0, &[])].concat();
    let (file, _) = written();
    let all = [
        section(),
        ethernet(&half_seconds),
        block(0x0bad_cafe, &[7; 100_000]),
        block(6, &[numbers(&[0, 0, 5, 4, 4]), b"abcd".to_vec(), option(1, b"hm"), option(0, &[])].concat()),
        // Simple: of ten bytes, three were kept.
        block(3, &[numbers(&[10]), b"abc".to_vec()].concat()),
        // Obsolete: two numbers of 16 bits stand where the interface does.
        block(2, &[numbers(&[0x0000_0007, 0, 6, 2, 2]), b"xy".to_vec()].concat()),
        section(),
        ethernet(&[]),
        block(6, &numbers(&[0, 0, 1_000_000, 0, 0])),
        file,
    ]
    .concat();
    for piece in [1, 13, 4096, all.len()] {
        let (packets, _, result) = read(&all, piece);
        assert_eq!(result, Ok(()));
        assert_eq!(packets.len(), 7, "in pieces of {piece}");
        assert_eq!((packets[0].at, packets[0].comment.as_deref()), (102_500_000_000, Some("hm")));
        assert_eq!((packets[1].at, &packets[1].bytes[..], packets[1].original_len), (102_500_000_000, &b"abc"[..], 10));
        assert_eq!((packets[2].at, &packets[2].bytes[..]), (103_000_000_000, &b"xy"[..]));
        assert_eq!((packets[3].at, packets[3].bytes.len()), (1_000_000_000, 0));
    }
}

#[test]
fn damage_is_told_where_it_is() {
    let damaged = |file: &[u8]| match read(file, 11) {
        (packets, _, Err(CaptureError::Damaged { at, packets: told, damage })) => {
            assert_eq!(packets.len() as u64, told);
            (at, damage)
        }
        (_, _, other) => panic!("{other:?}"),
    };
    let begin = [section(), block(1, &[0, 1, 0, 0, 0, 0, 0, 0])].concat();
    let at = begin.len() as u64;
    let mut unequal = block(6, &numbers(&[0, 0, 0, 0, 0]));
    *unequal.last_mut().unwrap() ^= 4;
    let cases = [
        (block(6, &numbers(&[9, 0, 0, 0, 0])), Damage::UnknownInterface),
        (block(6, &numbers(&[0, 0, 0, 99, 99])), Damage::PacketTooLong(99)),
        (block(6, &numbers(&[0])), Damage::BlockTooShort),
        (unequal, Damage::LengthsDiffer),
        (numbers(&[6, 3]), Damage::BlockLength(3)),
        (numbers(&[6, 0xffff_fff0]), Damage::BlockLength(0xffff_fff0)),
    ];
    for (block, damage) in cases {
        assert_eq!(damaged(&[begin.clone(), block].concat()), (at, damage));
    }
    let mut file = classic(0xa1b2_c3d4, u32::to_le_bytes);
    file[24 + 8..24 + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(damaged(&file), (24, Damage::PacketTooLong(u32::MAX)));
    let told = read(&file, 99).2.unwrap_err().to_string();
    assert_eq!(told, "The file is damaged after packet 0, at byte 24: the next packet claims 4294967295 bytes.");
}

#[test]
fn what_is_no_capture_is_refused() {
    assert_eq!(read(b"", 9).2, Err(CaptureError::Empty));
    assert_eq!(read(b"GET / HTTP/1.1", 9).2, Err(CaptureError::NotACapture));
    assert_eq!(read(&[0x1f, 0x8b, 8, 0, 0], 9).2, Err(CaptureError::Compressed));
    let mut reader = Reader::new();
    for _ in 0..2 {
        assert_eq!(reader.feed(b"plain text", &mut |_| panic!("a packet")), Err(CaptureError::NotACapture));
    }
}
