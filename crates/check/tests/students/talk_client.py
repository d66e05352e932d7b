# The client's side of the encrypted talk, with pycryptodome. Its argument is the mistake that it makes.
import socket
import sys

from Crypto.Cipher import PKCS1_OAEP
from Crypto.PublicKey import RSA

bug = sys.argv[1] if len(sys.argv) > 1 else ""
key = RSA.generate(1024)
client = socket.create_connection(("localhost", 4040))
if bug not in ("keyless", "plain"):
    client.sendall((key if bug == "private-key" else key.publickey()).export_key())
server_key = key if bug in ("keyless", "plain") else RSA.import_key(client.recv(4096))
encrypt = PKCS1_OAEP.new(key if bug == "wrong-key" else server_key).encrypt
decrypt = PKCS1_OAEP.new(key).decrypt
longest = server_key.size_in_bytes() - 42
if bug in ("keyless", "plain"):
    encrypt = decrypt = bytes


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
