//! What nobody on the path can read, and what can be told of it.

use wire::summary::Readable;

use crate::golden::{compare, json, summed_up, words};
use crate::script::{CLIENT, SERVER, Script, local};

fn random(chance: &mut fastrand::Rng, len: usize) -> Vec<u8> {
    (0..len).map(|_| chance.u8(..)).collect()
}

#[test]
fn talk() {
    const KEY: &[u8] =
        b"-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDHFxM6\n-----END PUBLIC KEY-----";
    let mut chance = fastrand::Rng::with_seed(1);
    let mut script = Script::new();
    let mut tcp = script.open(local(40021), local(12008), [1, 1]);
    script.say(&mut tcp, CLIENT, KEY);
    script.say(&mut tcp, SERVER, KEY);
    // RSA with 1024 bits makes blocks of 128 bytes.
    for by in [CLIENT, SERVER, CLIENT, SERVER] {
        script.wait(3000);
        script.say(&mut tcp, by, &random(&mut chance, 128));
    }
    script.close(&mut tcp, SERVER);
    compare("talk", &script);
}

/// A field behind its length in so many bytes.
fn field(length_bytes: usize, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&length[4 - length_bytes..], body].concat()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &field(2, body)].concat()
}

fn record(kind: u8, version: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, version][..], &field(2, body)].concat()
}

fn client_hello(server_name: &str, protocols: &[&str]) -> Vec<u8> {
    let name = [&[0][..], &field(2, server_name.as_bytes())].concat();
    let protocols: Vec<u8> = protocols.iter().flat_map(|name| field(1, name.as_bytes())).collect();
    let extensions =
        [extension(0, &field(2, &name)), extension(16, &field(2, &protocols)), extension(43, &field(1, &[3, 4, 3, 3]))]
            .concat();
    let body =
        [&[3, 3][..], &[7; 32], &field(1, &[9; 32]), &field(2, &[0x13, 2, 0x13, 1]), &[1, 0], &field(2, &extensions)];
    record(22, 1, &[&[1][..], &field(3, &body.concat())].concat())
}

fn server_hello(cipher: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let body = [&[3, 3][..], &[8; 32], &field(1, &[9; 32]), &cipher, &[0], &field(2, extensions)];
    record(22, 3, &[&[2][..], &field(3, &body.concat())].concat())
}

pub(crate) fn tls_script() -> Script {
    let mut chance = fastrand::Rng::with_seed(2);
    let mut script = Script::new();
    let mut tcp = script.open(local(40022), local(12009), [1, 1]);
    let hello = client_hello("chat.example", &["h2", "http/1.1"]);
    // A hello is often longer than a segment.
    script.send(&mut tcp, CLIENT, "A", &hello[..60]);
    script.say(&mut tcp, CLIENT, &hello[60..]);
    let answer = [
        server_hello([0x13, 2], &extension(43, &[3, 4])),
        record(20, 3, &[1]),
        record(23, 3, &random(&mut chance, 300)),
    ]
    .concat();
    script.say(&mut tcp, SERVER, &answer);
    script.say(&mut tcp, CLIENT, &record(23, 3, &random(&mut chance, 58)));
    script.wait(500);
    script.say(&mut tcp, CLIENT, &record(23, 3, &random(&mut chance, 40)));
    script.say(&mut tcp, SERVER, &record(23, 3, &random(&mut chance, 80)));
    script.close(&mut tcp, CLIENT);
    script
}

#[test]
fn tls() {
    compare("tls", &tls_script());
}

#[test]
fn tls_1_2_tells_the_protocol_that_was_chosen() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40023), local(443), [1, 1]);
    script.say(&mut tcp, CLIENT, &client_hello("chat.example", &["http/1.1"]));
    script.say(&mut tcp, SERVER, &server_hello([0xc0, 0x2f], &extension(16, &field(2, &field(1, b"http/1.1")))));
    let summary = summed_up(&script);
    let Readable::Tls { client: Some(client), server: Some(server), .. } = &summary.conversations[0].readable else {
        panic!("{summary:?}")
    };
    assert_eq!((client.server_name.as_deref(), client.protocols.len()), (Some("chat.example"), 1));
    assert_eq!(server.version.to_string(), "TLS 1.2");
    assert_eq!(server.cipher.to_string(), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_eq!(server.protocol.as_deref(), Some("http/1.1"));
}

#[test]
fn a_server_name_cannot_act_on_the_terminal() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40024), local(443), [1, 1]);
    script.say(&mut tcp, CLIENT, &client_hello("\x1b[2J\u{202e}", &["\x07"]));
    let told = crate::golden::lines(&script, None) + &words(&summed_up(&script), 80) + &json(&script);
    assert!(told.contains("␛[2J<U+202E>") && told.contains('␇'), "{told}");
    assert!(told.chars().all(|c| c == '\n' || wire::is_printable(c)));
}

#[test]
fn few_bytes_are_not_called_secret() {
    let mut script = Script::new();
    script.datagram(local(1), local(2), &[0xff, 0x00, 0x13, 0x9c]);
    let told = words(&summed_up(&script), 100);
    assert!(told.contains("That cannot be told: it is no text, and 4 bytes are too few"), "{told}");
}

#[test]
fn a_binary_format_is_not_called_secret() {
    let mut script = Script::new();
    for number in 0..20u32 {
        script.datagram(local(1), local(2), &[&[0, 1, 0xff, 0xfe][..], &number.to_be_bytes()].concat());
    }
    let told = words(&summed_up(&script), 100);
    assert!(told.contains("is not random either"), "{told}");
}

#[test]
fn words_that_answer_tls_can_be_read() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40025), local(12001), [1, 1]);
    script.say(&mut tcp, CLIENT, &client_hello("chat.example", &[]));
    script.say(&mut tcp, SERVER, b"Error: send text, please\n");
    let told = words(&summed_up(&script), 100);
    assert!(told.contains("Yes, by anybody on the path. Packet 6, server: \"Error: send text, please\""), "{told}");
}

#[test]
fn tls_that_is_refused_is_told_as_far_as_it_came() {
    let mut script = Script::new();
    let mut tcp = script.open(local(40026), local(443), [1, 1]);
    script.say(&mut tcp, CLIENT, &client_hello("chat.example", &[]));
    script.say(&mut tcp, SERVER, &[21, 3, 3, 0, 2, 2, 40]);
    let told = crate::golden::lines(&script, None) + &words(&summed_up(&script), 100);
    assert!(told.contains("7 bytes · TLS alert\n"), "{told}");
    assert!(told.contains("Nothing but the beginning of TLS was said, without a ServerHello"), "{told}");
}

#[test]
fn a_quotation_is_cut_where_a_character_ends_and_says_so() {
    let mut script = Script::new();
    // At an odd place, so that the bound falls into a character.
    script.datagram(local(1), local(2), format!("an {}", "ü".repeat(100)).as_bytes());
    let Readable::Yes { quote } = &summed_up(&script).conversations[0].readable else { panic!("it is text") };
    assert!(quote.text.ends_with("ü…"), "{}", quote.text);
}
