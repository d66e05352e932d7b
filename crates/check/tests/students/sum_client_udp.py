# The client of sum over UDP: two numbers, a datagram each. Its argument is "acknowledged" if the first is, or the mistake that it makes.
import socket
import sys

word = sys.argv[1] if len(sys.argv) > 1 else ""
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if word != "no-timeout":
    client.settimeout(2)
while True:
    try:
        client.sendto(input("First number: ").encode(), ("127.0.0.1", 9091))
        if word == "acknowledged":
            print(client.recv(1024).decode())
        client.sendto(input("Second number: ").encode(), ("127.0.0.1", 9091))
        print("Sum:", client.recv(1024).decode())
    except TimeoutError:
        print("No answer")
    except EOFError:
        break
