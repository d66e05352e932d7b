# Sends 1, 2 and so on to 100, and again. Its arguments are its port, the delay in seconds, and the mistake that it makes.
import socket
import sys
import time

port, delay = int(sys.argv[1]), float(sys.argv[2])
bug = sys.argv[3] if len(sys.argv) > 3 else ""
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if bug != "unbound":
    client.bind(("", port))
number = 0 if bug == "from-0" else 1
while True:
    client.sendto(str(number).encode(), ("127.0.0.1", 12000))
    number += 1
    if number > 100 and bug != "no-roll":
        number = 1
    if bug != "no-delay":
        time.sleep(delay)
