# Says "Alphanumeric: Yes" or "Alphanumeric: No", over UDP.
import socketserver


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        text = data.decode("utf-8", errors="replace").rstrip("\n")
        sock.sendto(f"Alphanumeric: {'Yes' if text.isalnum() else 'No'}".encode(), self.client_address)


with socketserver.UDPServer(("localhost", 9999), Handler) as server:
    server.serve_forever()
