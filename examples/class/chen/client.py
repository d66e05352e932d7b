import re
import socket

FORM = re.compile(r"\s*[-+]?\d+(\.\d*)?\s+[-+*/]\s+[-+]?\d+(\.\d*)?\s*$")

s = socket.socket()
s.connect(("localhost", 5555))
s.sendall(b"chen's client")
while True:
    line = input("> ")
    if line == "q":
        s.sendall(b"q")
        break
    if FORM.match(line):
        s.sendall(line.encode())
        print("=", s.recv(1024).decode())
    else:
        print("warning: please type something like 4.5 / -6")
s.close()
