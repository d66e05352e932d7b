# A chat room, a thread each, with bare messages. Its argument is the mistake that it makes.
import os
import socket
import sys
import threading
from datetime import datetime

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket()
if bug != "no-reuse":
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 12009))
server.listen()
members = {}
lock = threading.Lock()


def broadcast(text, sender=None):
    for name, connection in list(members.items()):
        if name == sender:
            continue
        if bug == "not-everyone" and name != list(members)[-2:][0]:
            continue
        try:
            connection.send(text.encode())
        except OSError:
            if bug == "loss-kills":
                os._exit(1)


def tell(name, what):
    count = len(members) + (1 if bug == "count-before" and what == "left" else 0)
    time = datetime.now().strftime("%H.%M")
    broadcast(f"Server: time={time} {name} has {what}. Member count={count}", name if bug == "not-itself" else None)


def login(connection):
    while True:
        data = connection.recv(1024)
        name = data.decode(errors="replace").strip()
        if not data and bug != "nameless-joins":
            return None
        with lock:
            if name not in members or bug == "duplicates":
                if name in members:
                    name += " "
                members[name] = connection
                if bug != "silent-joins":
                    tell(name, "joined")
                return name
        connection.send(b"This name is taken, try another: ")


def session(connection):
    name = None
    try:
        name = login(connection)
        while name is not None:
            data = connection.recv(1024)
            if not data:
                if bug == "spins":
                    continue
                if bug == "close-not-told":
                    return
                break
            try:
                line = data.decode().strip()
            except UnicodeDecodeError:
                if bug == "bytes-kill":
                    os._exit(1)
                continue
            if line == "quit":
                break
            prefix = "" if bug == "nameless-lines" else name + ": "
            broadcast(prefix + line, name)
    except OSError:
        if bug == "loss-kills":
            os._exit(1)
    with lock:
        if name in members and bug != "keeps-names":
            del members[name]
        if name is not None:
            tell(name, "left")
    connection.close()


def locked_login(connection):
    name = connection.recv(1024)
    threading.Thread(target=session, args=(Begun(connection, name),)).start()


class Begun:
    """A connection whose name was read already."""

    def __init__(self, connection, name):
        self.connection = connection
        self.name = name

    def recv(self, count):
        name, self.name = self.name, None
        return self.connection.recv(count) if name is None else name

    def __getattr__(self, name):
        return getattr(self.connection, name)


while True:
    connection, address = server.accept()
    if bug == "name-in-loop":
        locked_login(connection)
    else:
        threading.Thread(target=session, args=(connection,)).start()
