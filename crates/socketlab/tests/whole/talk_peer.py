"""A student's program for the encrypted talk: client PORT BITS TEXT... or server BITS TEXT...

It says its texts one after the other, each in its turn, and prints what it hears as JSON, a line each.
"""

import json
import socket
import sys

from Crypto.Cipher import PKCS1_OAEP
from Crypto.PublicKey import RSA


def tell(what):
    print(json.dumps(what), flush=True)


def main():
    is_client = sys.argv[1] == "client"
    if is_client:
        key, texts = RSA.generate(int(sys.argv[3])), sys.argv[4:]
        connection = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    else:
        key, texts = RSA.generate(int(sys.argv[2])), sys.argv[3:]
        listener = socket.create_server(("127.0.0.1", 0))
        tell(listener.getsockname()[1])
        connection, _ = listener.accept()
    own = key.publickey().export_key()
    if is_client:
        connection.send(own)
    peer = RSA.import_key(connection.recv(1024))
    if not is_client:
        connection.send(own)
    encrypt, decrypt = PKCS1_OAEP.new(peer).encrypt, PKCS1_OAEP.new(key).decrypt

    def say(text):
        try:
            connection.send(encrypt(text.encode()))
        except ValueError as error:
            tell({"too long": str(error)})
            connection.send(encrypt(b"Good Bye"))

    def hear():
        block = connection.recv(1024)
        if not block:
            return False
        text = decrypt(block).decode()
        tell(text)
        return text != "Good Bye"

    if is_client:
        for text in texts:
            say(text)
            if not hear():
                return
    else:
        for text in texts:
            if not hear():
                return
            say(text)
        hear()


main()
