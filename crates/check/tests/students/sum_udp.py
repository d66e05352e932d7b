# Adds two numbers over UDP: with "space" both of one datagram, with "each" one a datagram. The second argument is the mistake that it makes.
import socket
import sys

form = sys.argv[1]
bug = sys.argv[2] if len(sys.argv) > 2 else ""


def bound():
    opened = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    if bug == "connects":
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind(("::", 9091))
    return opened


def send(answer, address):
    if bug == "by-host":
        address = by_host[address[0]]
    if bug == "connects":
        # One that is gone is told of by an error of the second.
        with bound() as own:
            own.connect(address)
            own.send(answer.encode())
            own.send(b"")
    else:
        server.sendto(answer.encode(), address)


server = bound()
waiting = {}
seen = set()
by_host = {}

while True:
    data, address = server.recvfrom(1024)
    if not data and bug == "empty-ends":
        break
    if address not in seen:
        seen.add(address)
        by_host[address[0]] = address
    try:
        if form == "each":
            key = "all" if bug == "mixes" else address
            if key not in waiting:
                waiting[key] = float(data)
                send("num1 received", address)
                continue
            answer = str(waiting.pop(key) + float(data))
        else:
            a, b = data.split()
            answer = str(float(a) + float(b))
    except ValueError:
        answer = "Invalid inputs"
    send(answer, address)
