# A calculator with a process for each client, that closes on whoever sends what it does not understand.
import multiprocessing
import socket


def session(client):
    client.recv(100)
    while True:
        request = client.recv(100).decode()
        if request.strip() in ("", "q"):
            break
        a, op, b = request.split()
        a, b = float(a), float(b)
        results = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}
        client.send(("%.3f" % results[op]()).encode())
    client.close()


if __name__ == "__main__":
    server = socket.create_server(("127.0.0.1", 7777))
    while True:
        client, _ = server.accept()
        multiprocessing.Process(target=session, args=(client,), daemon=True).start()
        client.close()
