# The clock in twelve hours and with slashes, over UDP; what is no request has no answer.
import datetime
import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("0.0.0.0", 20001))
while True:
    request, client = sock.recvfrom(1024)
    now = datetime.datetime.now()
    if request.strip() == b"SEND_DATE":
        sock.sendto(now.strftime("Date:%d/%m/%Y").encode(), client)
    elif request.strip() == b"SEND_TIME":
        sock.sendto(now.strftime("Time:%I:%M:%S %p").encode(), client)
