import socket

# one client at a time
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 5555))
s.listen()

OPS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}

while True:
    conn, addr = s.accept()
    with conn:
        try:
            name = conn.recv(1024).decode().strip()
            print("client", name)
            while True:
                data = conn.recv(1024)
                if not data:
                    break
                try:
                    msg = data.decode().strip()
                    print("received:", msg)
                    if msg == "q":
                        print("Session ended")
                        break
                    a, op, b = msg.split()
                    conn.sendall(str(OPS[op](float(a), float(b))).encode())
                except Exception as e:
                    conn.sendall(("error " + repr(e)).encode())
        except OSError as e:
            print("connection lost", e)
