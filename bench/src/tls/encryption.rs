//! What encryption alone costs: the same bytes in the same records, with the cipher and as many keys as the members have, and nothing else.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, anyhow};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::listeners::Records;

/// The records' header is authenticated with each: RFC 8446, 5.2.
const HEADER: [u8; 5] = [23, 3, 3, 0, 0];

/// The nanoseconds that it takes to copy and seal all these records, each with the next of so many members' keys.
pub(crate) fn alone(records: &Records, members: usize) -> Result<f64> {
    let unwilling = |_| anyhow!("the cipher cannot be had");
    let key = |_| UnboundKey::new(&AES_256_GCM, &[7; 32]).map(LessSafeKey::new);
    let keys = (0..members).map(key).collect::<Result<Vec<_>, _>>().map_err(unwilling)?;
    let mut keys = keys.iter().cycle();
    let mut sealed = Vec::with_capacity(32 * 1024);
    let mut number = 0u64;
    let began = Instant::now();
    for (&size, &count) in records {
        // The kind of the content is sealed with it.
        let said = vec![b'x'; size + 1];
        for _ in 0..count {
            let Some(key) = keys.next() else { break };
            number += 1;
            let mut nonce = [0; NONCE_LEN];
            nonce[4..].copy_from_slice(&number.to_be_bytes());
            sealed.clear();
            sealed.extend_from_slice(&said);
            let done =
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(HEADER), &mut sealed);
            done.map_err(unwilling)?;
            black_box(&sealed);
        }
    }
    Ok(began.elapsed().as_nanos() as f64)
}
