# The client of board over UDP, which shows texts until the server says bye, or nothing more. Its argument is the mistake that it makes.
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""
server = ("127.0.0.1", 8888)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if bug != "no-timeout":
    client.settimeout(1)


def show():
    while True:
        try:
            text = client.recv(65535).decode()
        except TimeoutError:
            print("(no more)")
            break
        if text == "<<--bye-->>":
            break
        if bug == "first-line":
            text = text.split("\n")[0]
        if bug != "mute":
            print("*", text)


while True:
    query = input("query> ")
    if bug == "first-word":
        query = " ".join(query.split()[:2])
    client.sendto(query.encode("ascii" if bug == "ascii" else "utf-8"), server)
    if query == "GET":
        show()
    if bug == "once":
        break
