# A calculator with a pool of threads, decimals, and lines.
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, DecimalException
from socket import SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, AF_INET, socket

port = int(sys.argv[1])


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
            try:
                answer = calculate(line.split())
            except (DecimalException, IndexError):
                answer = "bad request"
            print(answer, file=answers, flush=True)
    print(name, "session ended")


with socket(AF_INET, SOCK_STREAM) as server, ThreadPoolExecutor(max_workers=10) as pool:
    server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    server.bind(("", port))
    server.listen()
    while True:
        pool.submit(serve, server.accept()[0])
