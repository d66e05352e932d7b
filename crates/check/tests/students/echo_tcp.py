# Echo, or with "alnum" before the mistake whether it is alphanumeric: over TCP, for one client after the other, with bare messages.
import socket
import sys

lab = sys.argv[1]
bug = sys.argv[2] if len(sys.argv) > 2 else ""
server = socket.socket()
if bug != "no-reuse":
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("192.168.0.10", 12000))
server.listen(1)


def answer(data):
    text = data.decode() if bug == "bytes-kill" else data.decode(errors="replace")
    if bug == "ascii":
        return data.decode("ascii", errors="ignore").encode()
    if lab == "alnum":
        if bug == "always":
            return b"Alphanumeric."
        if bug == "never":
            return b"Not Alphanumeric."
        return b"Alphanumeric." if text.strip().isalnum() else b"Not Alphanumeric."
    if bug == "dresses":
        return b"You said: " + data
    return data.upper() if bug == "upper" else data


while True:
    connection, address = server.accept()
    try:
        while True:
            data = connection.recv(1024)
            if not data:
                break
            print(address, data)
            connection.send(answer(data))
            if bug == "one-message":
                break
    except OSError:
        if bug == "reset-kills":
            raise
    connection.close()
    if bug == "one-session":
        break
