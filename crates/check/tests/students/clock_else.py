# The clock with an if and an else, as the sheet's two requests ask for.
import socket
from datetime import datetime

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 12345))
while True:
    d, a = s.recvfrom(1024)
    if d == b"SEND_DATE":
        s.sendto(datetime.now().strftime("%d-%m-%Y").encode(), a)
    else:
        s.sendto(datetime.now().strftime("%H:%M:%S").encode(), a)
