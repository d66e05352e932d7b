# Echo, or with "alnum" before the mistake whether it is alphanumeric: over UDP.
import socket
import sys

lab = sys.argv[1]
bug = sys.argv[2] if len(sys.argv) > 2 else ""


def bound():
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if bug == "connects":
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind(("", 12000))
    return opened


server = bound()
seen = set()
by_host = {}

while True:
    data, address = server.recvfrom(2048)
    print(data, "from", address)
    if not data and bug == "empty-ends":
        break
    if address not in seen:
        seen.add(address)
        by_host[address[0]] = address
    if bug == "by-host":
        address = by_host[address[0]]
    if lab == "alnum":
        text = data.decode(errors="replace")
        data = b"Alphanumeric." if text.strip().isalnum() else b"Not Alphanumeric."
    if bug == "connects":
        # One that is gone is told of by an error of the second.
        with bound() as own:
            own.connect(address)
            own.send(data)
            own.send(b"")
    else:
        server.sendto(data, address)
