# A calculator that speaks in lines, a thread each. Its argument is the mistake that it makes.
import socketserver
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""


def compute(line):
    try:
        a, operator, b = line.split()
        a, b = float(a), float(b)
        return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else "Error: division by zero"}[operator]
    except (ValueError, KeyError):
        return "Error: bad request"


class Session(socketserver.StreamRequestHandler):
    def lines(self):
        if bug == "one-recv":
            while data := self.request.recv(1024):
                if data.endswith(b"\n"):
                    yield data
        elif bug == "whole-buffer":
            whole = b""
            while data := self.request.recv(1024):
                whole += data
                if whole.endswith(b"\n"):
                    yield whole
                    whole = b""
        elif bug == "name-with-more":
            self.request.recv(1024)
            yield b"name"
            yield from self.rfile
        else:
            yield from self.rfile

    def handle(self):
        try:
            name = None
            for line in self.lines():
                line = line.decode(errors="replace").strip()
                if name is None:
                    name = line
                elif line == "q":
                    break
                else:
                    self.wfile.write(f"{compute(line)}\n".encode())
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = bug != "no-reuse"
    daemon_threads = True


Server(("0.0.0.0", 12004), Session).serve_forever()
