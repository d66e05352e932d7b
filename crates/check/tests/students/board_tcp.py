# A board over TCP, a thread each, that sends all that was posted as one message. Its argument is the mistake that it makes.
import os
import socket
import sys
import threading

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket()
if bug != "no-reuse":
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 8888))
server.listen()
lock = threading.Lock()
saved = []


def answer(text):
    if text == "GET":
        return "\n".join(saved) or "nothing yet"
    if text.startswith('POST "') and text.endswith('"'):
        saved.append(text[6:-1])
        return "saved"
    return "I do not understand"


def talk(connection):
    while True:
        data = connection.recv(4096)
        if not data:
            if bug == "spins":
                continue
            return
        connection.sendall(answer(data.decode(errors="replace").strip()).encode())


def session(connection):
    with connection:
        try:
            talk(connection)
        except OSError:
            if bug == "reset-kills":
                os._exit(1)


def locked(connection):
    with lock:
        session(connection)


while True:
    connection, address = server.accept()
    threading.Thread(target=locked if bug == "lock" else session, args=(connection,)).start()
    if bug == "one-session":
        server.close()
