# A chat room in one thread, with selectors and bare messages; it prompts, and writes the time before each line.
import selectors
import socket
from datetime import datetime

selector = selectors.DefaultSelector()
server = socket.create_server(("", 55555))
selector.register(server, selectors.EVENT_READ)
names = {}


def send_all(text):
    for member in [member for member, name in names.items() if name]:
        try:
            member.send(f"[{datetime.now():%H:%M:%S}] {text}".encode())
        except OSError:
            pass


def remove(client):
    selector.unregister(client)
    client.close()
    name = names.pop(client)
    if name:
        send_all(f"{name} has left the chat room! Member count = {sum(map(bool, names.values()))}")


def handle(client):
    data = client.recv(2048)
    text = data.decode("utf-8", "replace").strip()
    if not data or (names[client] and text == "quit"):
        remove(client)
    elif names[client]:
        send_all(f"{names[client]} > {text}")
    elif text in names.values():
        client.send(b"Name already in use. Enter your name: ")
    else:
        names[client] = text
        send_all(f"{text} joined the chat room! Member count = {sum(map(bool, names.values()))}")


while True:
    for key, _ in selector.select():
        if key.fileobj is server:
            client, _ = server.accept()
            selector.register(client, selectors.EVENT_READ)
            names[client] = None
            client.send(b"Enter your name: ")
        else:
            try:
                handle(key.fileobj)
            except OSError:
                remove(key.fileobj)
