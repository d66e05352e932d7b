# The clock, over UDP. Its argument is the mistake that it makes.
import socket
import sys
from datetime import datetime

bug = sys.argv[1] if len(sys.argv) > 1 else ""


def bound():
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if bug == "connects":
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind(("localhost", 12003))
    return opened


server = bound()
start = datetime.now()
seen = set()
by_host = {}

while True:
    data, address = server.recvfrom(1024)
    if not data and bug == "empty-ends":
        break
    if address not in seen:
        seen.add(address)
        by_host[address[0]] = address
    if bug == "by-host":
        address = by_host[address[0]]
    request = data.decode() if bug == "bytes-kill" else data.decode(errors="replace")
    now = start if bug == "stale" else datetime.now()
    if request == "SEND_DATE":
        answer = now.strftime("%Y-%m-%d" if bug != "yesterday" else "1970-01-01")
    elif request == "SEND_TIME" or bug == "else-time":
        answer = now.strftime("%H:%M" if bug == "no-seconds" else "%H:%M:%S")
    else:
        answer = "Error in request format"
    if bug == "connects":
        # One that is gone is told of by an error of the second.
        with bound() as own:
            own.connect(address)
            own.send(answer.encode())
            own.send(b"")
    else:
        server.sendto(answer.encode(), address)
    if bug == "answers-once":
        break
