# The client of board over UDP that takes one datagram for the answer to whatever it has sent, and waits for it as long as it takes.
import socket

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    client.sendto(input().encode(), ("127.0.0.1", 8889))
    data, address = client.recvfrom(4096)
    print(data.decode())
