# A calculator with a pool of threads, decimals, and lines. Its port is its argument; without one it asks for all that it needs.
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, DecimalException
from socket import SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, AF_INET, socket

if len(sys.argv) > 1:
    address, port, clients = "", int(sys.argv[1]), 10
else:
    address = input("Enter IP address: ")
    port = int(input("Port to listen on: "))
    clients = int(input("How many clients? "))


def calculate(words):
    a, op, b = Decimal(words[0]), words[1], Decimal(words[2])
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b
    return "invalid operator"


def serve(connection):
    with connection, connection.makefile("r", errors="replace") as lines, connection.makefile("w") as answers:
        name = lines.readline().strip()
        for line in lines:
            if line.strip() == "q":
                break
            print(name, "asks for", line.strip())
            try:
                answer = calculate(line.split())
            except (DecimalException, IndexError):
                answer = "bad request"
            print(answer, file=answers, flush=True)
    print(name, "session ended")


with socket(AF_INET, SOCK_STREAM) as server, ThreadPoolExecutor(max_workers=clients) as pool:
    server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen()
    while True:
        pool.submit(serve, server.accept()[0])
