# A chat room without threads and without select: it asks every socket, again and again, with a short sleep in between.
import socket
import time

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 12009))
server.listen()
server.setblocking(False)
clients = {}


def tell(text, sender=None):
    for client, name in list(clients.items()):
        if name and client is not sender:
            try:
                client.sendall((text + "\n").encode())
            except OSError:
                pass


def count():
    return len([name for name in clients.values() if name])


def leave(client):
    name = clients.pop(client)
    client.close()
    if name:
        tell(f"Server: time={time.strftime('%H.%M')} {name} has left. Member count={count()}")


while True:
    try:
        client, _ = server.accept()
        client.setblocking(False)
        clients[client] = None
    except BlockingIOError:
        pass
    for client in list(clients):
        try:
            data = client.recv(1024)
        except BlockingIOError:
            continue
        except OSError:
            data = b""
        text = data.decode(errors="replace").strip()
        if not data or text == "quit":
            leave(client)
        elif clients[client]:
            tell(f"{clients[client]}: {text}", client)
        elif text in clients.values():
            client.sendall(b"taken\n")
        else:
            clients[client] = text
            tell(f"Server: time={time.strftime('%H.%M')} {text} has joined. Member count={count()}")
    time.sleep(0.05)
