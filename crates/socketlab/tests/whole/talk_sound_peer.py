"""A caller in the sound dialect, written from docs/talk.md alone: PORT TEXT...

It says its texts one after the other and prints what it hears as JSON, a line each.
"""

import base64
import json
import secrets
import socket
import sys

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from Crypto.PublicKey import RSA

BEGIN, END = b"-----BEGIN SOCKETLAB TALK KEY-----", b"-----END SOCKETLAB TALK KEY-----"


def tell(what):
    print(json.dumps(what), flush=True)


def read(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError(f"{len(data)} of {count} bytes came")
        data += piece
    return data


class Direction:
    def __init__(self, derived):
        self.key, self.base, self.count = derived[:32], int.from_bytes(derived[32:], "big"), 0

    def cipher(self, header):
        cipher = AES.new(self.key, AES.MODE_GCM, nonce=(self.base ^ self.count).to_bytes(12, "big"))
        cipher.update(header)
        self.count += 1
        return cipher

    def seal(self, kind, piece=b""):
        plain = bytes([kind]) + piece
        header = (len(plain) + 16).to_bytes(4, "big")
        return header + b"".join(self.cipher(header).encrypt_and_digest(plain))

    def open(self, connection):
        header = read(connection, 4)
        sealed = read(connection, int.from_bytes(header, "big"))
        plain = self.cipher(header).decrypt_and_verify(sealed[:-16], sealed[-16:])
        return plain[0], plain[1:]


def agree(connection):
    key = RSA.generate(3072)
    own = key.publickey().export_key("DER")
    connection.sendall(BEGIN + b"\n" + base64.b64encode(own) + b"\n" + END)
    armour = b""
    while not armour.endswith(END):
        armour += read(connection, 1)
    server = base64.b64decode(armour[len(BEGIN) : -len(END)])
    nonce, secret = secrets.token_bytes(32), secrets.token_bytes(32)
    share = nonce + PKCS1_OAEP.new(RSA.import_key(server), SHA256).encrypt(secret)
    connection.sendall(share)
    server_share = read(connection, 32 + 384)
    secret += PKCS1_OAEP.new(key, SHA256).decrypt(server_share[32:])
    parts = [own, server, share, server_share]
    seen = SHA256.new(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()

    def direction(name):
        about = b"socketlab talk 1 " + name + b" " + seen
        return Direction(HKDF(secret, 44, nonce + server_share[:32], SHA256, 1, about))

    return direction(b"client"), direction(b"server")


def main():
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    outgoing, incoming = agree(connection)
    if incoming.open(connection) != (0, b""):
        raise ValueError("the first record confirms")
    connection.sendall(outgoing.seal(0))
    for text in sys.argv[2:]:
        # In two pieces, of which the second is the last.
        half = len(text.encode()) // 2
        connection.sendall(outgoing.seal(1, text.encode()[:half]) + outgoing.seal(2, text.encode()[half:]))
        kind, piece = incoming.open(connection)
        tell([kind, piece.decode()])
    connection.sendall(outgoing.seal(3))
    tell(connection.recv(1).decode())


main()
