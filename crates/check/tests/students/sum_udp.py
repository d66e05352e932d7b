# Adds two numbers over UDP: with "space" both of one datagram, with "each" one a datagram. The second argument is the mistake that it makes.
import socket
import sys

form = sys.argv[1]
bug = sys.argv[2] if len(sys.argv) > 2 else ""
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.bind(("::", 9091))
waiting = {}
first_client = None

while True:
    data, address = server.recvfrom(1024)
    if not data and bug == "empty-ends":
        break
    first_client = first_client or address
    if bug == "first-client":
        address = first_client
    if bug == "connects":
        server.connect(address)
    try:
        if form == "each":
            key = "all" if bug == "mixes" else address
            if key not in waiting:
                waiting[key] = float(data)
                server.sendto(b"num1 received", address)
                continue
            answer = waiting.pop(key) + float(data)
        else:
            a, b = data.split()
            answer = float(a) + float(b)
    except ValueError:
        answer = "Invalid inputs"
    if bug == "connects":
        server.send(str(answer).encode())
    else:
        server.sendto(str(answer).encode(), address)
