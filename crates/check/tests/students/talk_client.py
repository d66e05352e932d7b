# The client's side of the encrypted talk, with pycryptodome. Its argument is the mistake that it makes; `by-lines` is none, it reads the server's key line
# by line, and neither is `pkcs1`, another padding.
import socket
import sys

from Crypto.Cipher import PKCS1_OAEP, PKCS1_v1_5
from Crypto.PublicKey import RSA

bug = sys.argv[1] if len(sys.argv) > 1 else ""
key = RSA.generate(1024)


def lines_of_key():
    text = b""
    while not text.endswith(b"-----END PUBLIC KEY-----\n"):
        text += client.recv(1)
    return text


client = socket.create_connection(("localhost", 4040))
if bug not in ("keyless", "plain"):
    client.sendall((key if bug == "private-key" else key.publickey()).export_key())
if bug == "by-lines":
    client.sendall(b"\n")
if bug in ("keyless", "plain"):
    server_key = key
else:
    server_key = RSA.import_key(lines_of_key() if bug == "by-lines" else client.recv(4096))
encrypt = PKCS1_OAEP.new(key if bug == "wrong-key" else server_key).encrypt
decrypt = PKCS1_OAEP.new(key).decrypt
longest = server_key.size_in_bytes() - 42
if bug in ("keyless", "plain"):
    encrypt = decrypt = bytes
if bug == "pkcs1":
    encrypt = PKCS1_v1_5.new(server_key).encrypt


def block():
    got = b""
    while len(got) < key.size_in_bytes():
        more = client.recv(1024 if bug in ("one-recv", "plain") else key.size_in_bytes() - len(got))
        if not more and bug == "spins":
            continue
        if not more and bug != "closed-crashes":
            raise ConnectionError("the server has closed")
        got += more
        if bug in ("one-recv", "plain", "closed-crashes"):
            break
    return got


def say():
    text = input("you: ")
    while len(text.encode()) > longest and bug != "long-crashes":
        text = input("too long, try again: ")
    client.sendall(encrypt(text.encode("ascii", "replace") if bug == "ascii" else text.encode()))
    if bug == "leaks":
        client.sendall(text.encode())
    return text


def hear():
    text = decrypt(block()).decode()
    if bug != "mute":
        print("server:", text)
    return text


try:
    while True:
        if say() == "Good Bye" and bug != "goes-on":
            break
        if hear() == "Good Bye" and bug != "deaf-to-bye":
            break
        if bug == "one-round":
            break
except OSError as error:
    print("the talk is over:", error)
except ValueError as error:
    if bug.endswith("-crashes"):
        raise
    print("the talk is over, what came is not for me:", error)
client.close()
if bug == "stays":
    input("Press Enter to leave")
