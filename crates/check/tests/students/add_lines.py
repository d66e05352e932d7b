# Adds two numbers, for all clients in one thread with select, in lines. Its argument is the mistake that it makes.
import select
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket()
if bug != "no-reuse":
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("0.0.0.0", 12005))
server.listen()
names = {}
buffers = {}


def answer(connection, line):
    if connection not in names:
        names[connection] = line
        print("Connection initiated by", line)
        return "ack"
    try:
        a, b = line.replace(",", " ").split()
        return str(int(a) + int(b))
    except ValueError:
        return "Invalid input"


def leave(connection):
    names.pop(connection, None)
    del buffers[connection]
    connection.close()


while True:
    for ready in select.select([server, *buffers], [], [])[0]:
        if ready is server:
            connection, address = server.accept()
            buffers[connection] = b""
            continue
        try:
            data = ready.recv(1024)
            if not data:
                leave(ready)
                continue
            if bug == "one-recv":
                lines = [data]
            else:
                *lines, buffers[ready] = (buffers[ready] + data).split(b"\n")
            for line in lines:
                ready.sendall((answer(ready, line.decode(errors="replace").strip()) + "\n").encode())
        except OSError:
            leave(ready)
