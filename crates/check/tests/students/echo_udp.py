# Echo, or with "alnum" before the mistake whether it is alphanumeric: over UDP.
import socket
import sys

lab = sys.argv[1]
bug = sys.argv[2] if len(sys.argv) > 2 else ""
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 12000))
first = None

while True:
    data, address = server.recvfrom(2048)
    print(data, "from", address)
    if not data and bug == "empty-ends":
        break
    first = first or address
    if bug == "first-client":
        address = first
    if bug == "connects":
        server.connect(address)
    if lab == "alnum":
        text = data.decode(errors="replace")
        data = b"Alphanumeric." if text.strip().isalnum() else b"Not Alphanumeric."
    if bug == "connects":
        server.send(data)
    else:
        server.sendto(data, address)
