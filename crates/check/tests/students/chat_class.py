# A chat room as a class, a thread each: it counts members in its own words, and turns away who takes a name. Its argument is which words.
import socket
import sys
import threading

CAME, SAID, WENT = {
    "stars": ("*** {0} logged in *** ({1} members online)", "<{0}> {1}", "*** {0} logged out *** ({1} members online)"),
    "before": ("User joined: {0} (Member count = {1})", "[{0}] {1}", "User left: {0} (Member count = {1})"),
    "long": (
        "{0} entered. Total number of members in the room is now {1}",
        "{0} says to everyone: {1}",
        "{0} exited. Total number of members in the room is now {1}",
    ),
    "is": ("{0} logged on. Member count is {1}", "{0}> {1}", "{0} logged off. Member count is {1}"),
}[sys.argv[1]]


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
            self.broadcast(WENT.format(nickname, len(self.clients)) + "\n")

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
            self.broadcast(CAME.format(nickname, len(self.clients)) + "\n")
        while True:
            try:
                message = client.recv(1024).decode().strip()
                if message in ("", "quit"):
                    break
                self.broadcast(SAID.format(nickname, message) + "\n")
            except (OSError, UnicodeDecodeError):
                break
        self.remove(client)

    def run(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self.handle, args=(client,)).start()


ChatServer(55555).run()
