# The server that prints numbers, which knows two clients only, and names them.
from socket import *

s = socket(AF_INET, SOCK_DGRAM)
s.bind(("", 12000))
while 1:
    data, caddr = s.recvfrom(1024)
    if caddr[1] == 11000:
        print("Client 1-" + data.decode("latin-1"))
    elif caddr[1] == 13000:
        print("Client 2-" + data.decode("latin-1"))
