# The chat's client with a thread that listens, and with bare messages. Its argument is the mistake that it makes.
import os
import socket
import sys
import threading

bug = sys.argv[1] if len(sys.argv) > 1 else ""
name = input("" if bug == "no-prompt" else "Enter login name: ")
client = socket.socket()
client.connect(("127.0.0.1", 12009))
if bug != "nameless":
    client.send(name.encode())
if bug in ("swallows", "one-name"):
    answer = client.recv(1024)
    if b"taken" in answer and bug == "one-name":
        sys.exit(answer.decode())


def listen():
    while True:
        data = client.recv(1024)
        if not data and bug != "spins":
            break
        if bug != "mute":
            print(data.decode())
    print("The server is gone.")
    if bug != "no-quit":
        os._exit(0)


threading.Thread(target=listen, daemon=True).start()
while True:
    line = input("> ")
    if bug == "empty-kills":
        line[0]
    client.send(line.encode())
    if line == "quit" and bug != "no-quit":
        break
    if bug == "once":
        input()
client.close()
