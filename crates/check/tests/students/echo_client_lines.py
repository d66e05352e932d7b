# The client of echo and alnum, over TCP, in lines, with a thread that prints what comes. Its arguments are the server's port and the mistake that it makes.
import os
import socket
import sys
import threading

port = int(sys.argv[1])
bug = sys.argv[2] if len(sys.argv) > 2 else ""
client = socket.create_connection(("::1", port))


def listen():
    if bug == "one-recv":
        while data := client.recv(4096):
            print("server says", data.decode().strip())
    else:
        for line in client.makefile(encoding="utf-8"):
            print("server says", line.strip())
    print("server has gone")
    os._exit(0)


threading.Thread(target=listen, daemon=True).start()
for line in sys.stdin:
    client.sendall(line.rstrip("\r\n").encode() + b"\n")
