# The clock, over UDP. Its argument is the mistake that it makes.
import socket
import sys
from datetime import datetime

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("localhost", 12003))
start = datetime.now()
first = None

while True:
    data, address = server.recvfrom(1024)
    if not data and bug == "empty-ends":
        break
    first = first or address
    if bug == "first-client":
        address = first
    request = data.decode() if bug == "bytes-kill" else data.decode(errors="replace")
    now = start if bug == "stale" else datetime.now()
    if bug == "connects":
        server.connect(address)
    if request == "SEND_DATE" and bug != "time-only":
        answer = now.strftime("%Y-%m-%d" if bug != "yesterday" else "1970-01-01")
    elif request == "SEND_TIME" or bug in ("time-only", "else-time"):
        answer = now.strftime("%H:%M" if bug == "no-seconds" else "%H:%M:%S")
    else:
        answer = "Error in request format"
    if bug == "connects":
        server.send(answer.encode())
    else:
        server.sendto(answer.encode(), address)
    if bug == "answers-once":
        break
