# Says what it was asked, and whether that is alphanumeric, for one client after the other.
import socket

with socket.socket() as server:
    server.bind(("localhost", 12000))
    server.listen()
    while True:
        client, _ = server.accept()
        with client:
            try:
                text = client.recv(2048).decode("latin-1").strip()
                verdict = "is" if text.isalnum() and text.isascii() else "isn't"
                client.sendall(f"'{text}' {verdict} alphanumeric".encode("latin-1"))
            except OSError:
                pass
