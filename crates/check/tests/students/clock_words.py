# The clock in words, as a class, over UDP; what is no request is told both that it can answer.
import socket
import time


class TimeServer:
    def __init__(self, host, port):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((host, port))

    def answer(self, request):
        if "DATE" in request:
            return "Today is " + time.strftime("%A, %d %B %Y")
        if "TIME" in request:
            return "The time is " + time.strftime("%H:%M:%S")
        return "Invalid request! Use SEND_DATE or SEND_TIME"

    def run(self):
        while True:
            try:
                data, client = self.sock.recvfrom(4096)
                self.sock.sendto(self.answer(data.decode("utf-8", "ignore")).encode(), client)
            except OSError as error:
                print(error)


TimeServer(socket.gethostname(), 5005).run()
