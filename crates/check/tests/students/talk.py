# The server's side of the encrypted talk, with pycryptodome: its person types each answer. Its argument is the mistake that it makes.
import socket
import sys

from Crypto.Cipher import PKCS1_OAEP
from Crypto.PublicKey import RSA

bug = sys.argv[1] if len(sys.argv) > 1 else ""
key = RSA.generate(1024)
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 4040))
server.listen(1)
print("waiting for a client")
connection, address = server.accept()
peer_key = key if bug == "plain" else RSA.import_key(connection.recv(4096))
if bug != "plain":
    connection.send((key if bug == "private-key" else key.publickey()).export_key())
encrypt = PKCS1_OAEP.new(key if bug == "wrong-key" else peer_key).encrypt
decrypt = PKCS1_OAEP.new(key).decrypt
longest = peer_key.size_in_bytes() - 42
if bug == "plain":
    encrypt = decrypt = bytes


def block():
    got = b""
    while len(got) < key.size_in_bytes():
        more = connection.recv(1024 if bug in ("one-recv", "plain") else key.size_in_bytes() - len(got))
        if not more and bug != "closed-crashes":
            raise ConnectionError("the peer has closed")
        got += more
        if bug in ("one-recv", "plain", "closed-crashes"):
            break
    return got


def hear():
    text = decrypt(block()).decode("ascii" if bug == "ascii" else "utf-8")
    print("client:", "…" if bug == "silent" else text)
    return text


def say():
    text = input("you: ")
    while len(text.encode()) > longest and bug != "long-crashes":
        text = input("too long, try again: ")
    connection.send(encrypt(text.encode()))
    return text


try:
    while True:
        if hear() == "Good Bye" and bug != "deaf-to-bye":
            break
        if say() == "Good Bye" and bug != "goes-on":
            break
        if bug == "one-round":
            break
except OSError as error:
    print("the talk is over:", error)
except ValueError as error:
    if bug.endswith("-crashes"):
        raise
    print("the talk is over, what came is not for me:", error)
connection.close()
server.close()
