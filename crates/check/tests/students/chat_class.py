# A chat room as a class, a thread each: it logs in and out, counts members in its own words, and turns away who takes a name.
import socket
import threading


class ChatServer:
    def __init__(self, port):
        self.clients = []
        self.nicknames = []
        self.lock = threading.RLock()
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind(("0.0.0.0", port))
        self.server.listen()

    def broadcast(self, message):
        with self.lock:
            for client in self.clients:
                try:
                    client.send(message.encode())
                except OSError:
                    pass

    def remove(self, client):
        with self.lock:
            index = self.clients.index(client)
            self.clients.pop(index)
            nickname = self.nicknames.pop(index)
            client.close()
            self.broadcast(f"*** {nickname} logged out *** ({len(self.clients)} members online)\n")

    def handle(self, client):
        try:
            nickname = client.recv(1024).decode().strip()
        except (OSError, UnicodeDecodeError):
            nickname = ""
        with self.lock:
            if not nickname or nickname in self.nicknames:
                client.close()
                return
            self.nicknames.append(nickname)
            self.clients.append(client)
            self.broadcast(f"*** {nickname} logged in *** ({len(self.clients)} members online)\n")
        while True:
            try:
                message = client.recv(1024).decode().strip()
                if message in ("", "quit"):
                    break
                self.broadcast(f"<{nickname}> {message}\n")
            except (OSError, UnicodeDecodeError):
                break
        self.remove(client)

    def run(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self.handle, args=(client,)).start()


ChatServer(55555).run()
