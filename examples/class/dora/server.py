import socket
import threading

HOST, PORT = "127.0.0.1", 12004


def calculate(text):
    for op in "+-*/":
        if op in text:
            left, right = text.split(op)
            left, right = int(left), int(right)
            if op == "+":
                return left + right
            if op == "-":
                return left - right
            if op == "*":
                return left * right
            return left / right


def handle(conn):
    name = conn.recv(1024).decode()
    while True:
        try:
            text = conn.recv(1024).decode()
        except (OSError, UnicodeDecodeError):
            break
        if not text:
            break
        if text.strip() == "q":
            print("Session ended")
            break
        print(name, "asks", text)
        try:
            reply = str(calculate(text))
        except Exception:
            reply = "invalid input"
        try:
            conn.send(reply.encode())
        except OSError:
            break
    conn.close()


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((HOST, PORT))
server.listen(5)
while True:
    conn, _ = server.accept()
    threading.Thread(target=handle, args=(conn,)).start()
