# The calculator's client in lines, which asks for everything, and whose server greets. Its argument is the mistake that it makes.
import socket
import sys

bug = sys.argv[1] if len(sys.argv) > 1 else ""
host = input("Server's address: ")
port = int(input("Port: "))
server = socket.create_connection((host, port))
lines = server.makefile("r")
server.sendall((input("Your name: ") + "\n").encode())
print(lines.readline().strip())


def read_answer():
    if bug != "one-recv":
        return lines.readline()
    # Half a line is thrown away.
    answer = ""
    while not answer.endswith("\n"):
        answer = server.recv(1024).decode()
    return answer


while True:
    print("> ", end="", flush=True)
    line = sys.stdin.readline().strip()
    try:
        if line != "q":
            a, operator, b = line.split()
            float(a), float(b), "+-*/".index(operator)
    except ValueError:
        print("! expected: number operator number")
        continue
    try:
        server.sendall((line + "\n").encode())
        answer = read_answer()
    except OSError as error:
        answer = ""
        print("lost the server:", error)
    if not answer:
        sys.exit("bye")
    print(f"{line} = {float(answer):g}")
