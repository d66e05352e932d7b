# The clock's client, over UDP, with a new socket for each request, and whole seconds between them; it ends after ten.
from random import randint
from socket import *
from time import sleep

for i in range(10):
    with socket(AF_INET, SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect(("localhost", 12003))
        s.send(b"SEND_DATE" if randint(0, 1) else b"SEND_TIME")
        try:
            print("Server replied: " + str(s.recv(100)))
        except OSError as error:
            print("Lost:", error)
    sleep(randint(1, 2))
