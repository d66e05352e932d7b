# A chat room that speaks in lines, prompts for the name, and shows a sender its own line too.
import socketserver
import threading

members = {}
lock = threading.Lock()


def tell_all(line):
    for member in list(members.values()):
        try:
            member.wfile.write((line + "\n").encode())
        except OSError:
            pass


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        name = None
        try:
            self.wfile.write(b"Enter login name:\n")
            for line in self.rfile:
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
    allow_reuse_address = True
    daemon_threads = True


Server(("", 9999), Session).serve_forever()
