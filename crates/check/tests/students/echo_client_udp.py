# The client of echo and alnum, over UDP, with a timeout. Its arguments are the server's port and the mistake that it makes.
import socket
import sys

server = ("127.0.0.1", int(sys.argv[1]))
bug = sys.argv[2] if len(sys.argv) > 2 else ""
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if bug != "no-timeout":
    client.settimeout(2)
while True:
    try:
        message = input("> ")
    except EOFError:
        break
    client.sendto(message.encode(), server)
    try:
        data, address = client.recvfrom(2048)
        print(data.decode())
    except TimeoutError:
        print("Request timed out")
