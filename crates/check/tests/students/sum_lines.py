# Adds the two numbers of a line, a thread each. Its argument is the mistake that it makes.
import socketserver
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""


class Session(socketserver.StreamRequestHandler):
    def lines(self):
        if bug == "one-recv":
            while data := self.request.recv(1024):
                if data.endswith(b"\n"):
                    yield data
        else:
            yield from self.rfile

    def handle(self):
        try:
            for line in self.lines():
                try:
                    a, b = line.split()
                    answer = str(float(a) + float(b))
                except ValueError:
                    answer = "Invalid inputs"
                self.wfile.write(f"{answer}\n".encode())
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = bug != "no-reuse"
    daemon_threads = True


Server(("0.0.0.0", 12006), Session).serve_forever()
