# A chat room that speaks in lines, prompts for the name, and shows a sender its own line too. Its argument is the mistake that it makes.
import socketserver
import sys
import threading

bug = sys.argv[1] if len(sys.argv) > 1 else ""

members = {}
lock = threading.Lock()


def tell_all(line):
    for member in list(members.values()):
        try:
            member.wfile.write((line + "\n").encode())
        except OSError:
            pass


class Session(socketserver.StreamRequestHandler):
    def lines(self):
        if bug == "one-recv":
            while data := self.request.recv(1024):
                yield data
        elif bug == "name-with-more":
            if name := self.request.recv(1024):
                yield name.split(b"\n")[0]
            yield from self.rfile
        else:
            yield from self.rfile

    def handle(self):
        name = None
        try:
            self.wfile.write(b"Enter login name:\n")
            for line in self.lines():
                line = line.decode(errors="replace").strip()
                with lock:
                    if name is None and line in members:
                        self.wfile.write(b"That name is taken.\n")
                    elif name is None:
                        name = line
                        members[name] = self
                        tell_all(f"Server: {name} has joined. Count: {len(members)}")
                    elif line in ("q", "quit"):
                        break
                    else:
                        tell_all(f"{name}: {line}")
        except OSError:
            pass
        with lock:
            if members.pop(name, None):
                tell_all(f"Server: {name} has left. Count: {len(members)}")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = bug != "no-reuse"
    daemon_threads = True


Server(("", 9999), Session).serve_forever()
