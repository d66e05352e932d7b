# Adds two numbers, a thread each, with bare messages. Its argument is the mistake that it makes.
import os
import socket
import sys
import threading
import time

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 12005))
server.listen()
lock = threading.Lock()
connections = []


def session(connection, name=None):
    try:
        if name is None:
            name = connection.recv(1024).decode(errors="replace")
        if bug != "silent":
            print("Connection initiated by", name)
        if bug != "no-ack":
            connection.send(b"ack")
        end = None
        while True:
            data = connection.recv(1024)
            if not data:
                # Not for ever, so that the tests end.
                end = end or time.monotonic() + 5
                if bug == "spins" and time.monotonic() < end:
                    continue
                break
            try:
                a, b = data.decode().split()
                answer = str(int(a) + int(b))
                if bug == "also-multiplies":
                    answer += f" {int(a) * int(b)}"
                if bug == "concatenates":
                    answer = a + b
                if bug == "one-digit":
                    answer = str(int(a[0]) + int(b[0]))
            except UnicodeDecodeError:
                if bug == "bytes-kill":
                    os._exit(1)
                answer = "not text"
            except ValueError:
                if bug == "format-kills":
                    os._exit(1)
                answer = "two numbers, please"
            connection.send(answer.encode())
    except OSError:
        if bug == "closes-all":
            for other in connections:
                if other is not connection:
                    other.shutdown(socket.SHUT_RDWR)
    connections.remove(connection)
    connection.close()
    if bug == "one-session":
        os._exit(0)


def locked(connection):
    with lock:
        session(connection)


while True:
    connection, address = server.accept()
    connections.append(connection)
    if bug == "name-in-loop":
        session_arguments = (connection, connection.recv(1024).decode(errors="replace"))
    else:
        session_arguments = (connection,)
    target = locked if bug == "lock" else session
    threading.Thread(target=target, args=session_arguments).start()
