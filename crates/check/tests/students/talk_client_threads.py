# The client's side of the encrypted talk with a thread that shows whatever comes: it asks for a name, waits for the server's key, and gives its own in PKCS#1.
# Its argument is the mistake that it makes.
import os
import socket
import sys
import threading

from Crypto.Cipher import PKCS1_OAEP
from Crypto.IO import PEM
from Crypto.PublicKey import RSA
from Crypto.Util.asn1 import DerSequence

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.create_connection((input("Server address: "), 5050))
print("waiting for the server's key")
others_key = RSA.import_key(server.recv(4096))
key = RSA.generate(2048)
server.sendall(PEM.encode(DerSequence([key.n, key.e]).encode(), "RSA PUBLIC KEY").encode() + b"\n")
name = input("Connected. Your name: ")


def receive():
    try:
        while block := server.recv(key.size_in_bytes(), socket.MSG_WAITALL):
            text = PKCS1_OAEP.new(key).decrypt(block).decode()
            print(f"\rserver> {text}\n{name}> ", end="", flush=True)
            if text == "Good Bye" and bug != "deaf-to-bye":
                break
        print("\nThe talk is over.")
    except (OSError, ValueError) as error:
        print("\nThe talk is over:", error)
    os._exit(0)


threading.Thread(target=receive, daemon=True).start()
while True:
    text = input(name + "> ")
    try:
        server.sendall(PKCS1_OAEP.new(others_key).encrypt(text.encode()))
    except ValueError:
        print("That is too long for one message.")
        continue
    if text == "Good Bye" and bug != "goes-on":
        server.shutdown(socket.SHUT_RDWR)
        break
