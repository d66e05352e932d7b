# The clock's client, over UDP. Its argument is the mistake that it makes.
import random
import socket
import sys
import time

bug = sys.argv[1] if len(sys.argv) > 1 else ""
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if bug != "no-timeout":
    client.settimeout(3)
requests = {"only-times": ["SEND_TIME"], "only-dates": ["SEND_DATE"]}.get(bug, ["SEND_DATE", "SEND_TIME"])
while True:
    request = random.choice(requests)
    client.sendto({"lower": b"give me the date"}.get(bug, request.encode()), ("localhost", 12003))
    try:
        answer, address = client.recvfrom(1024)
        if bug != "mute":
            print(request, "->", answer.decode())
    except TimeoutError:
        print("no answer")
    if bug == "once":
        break
    time.sleep(1.5 if bug == "always-same" else 0.2 if bug == "hurries" else random.uniform(1, 2))
