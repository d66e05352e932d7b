# Question 6: the calculator's client. Messages end with a newline.
import socket

PORT = 12004


def is_well_formed(line):
    words = line.split()
    if len(words) != 3 or words[1] not in ("+", "-", "*", "/"):
        return False
    try:
        float(words[0]), float(words[2])
    except ValueError:
        return False
    return True


connection = socket.create_connection(("localhost", PORT))
lines = connection.makefile("r", encoding="utf-8", newline="\n")


def send(text):
    connection.sendall((text + "\n").encode())


send("Ada")
while True:
    line = input("Enter two numbers and an operator, or q: ").strip()
    if line == "q":
        send("q")
        break
    if not is_well_formed(line):
        print("Warning: that is not of the form 12 + 42")
        continue
    send(line)
    answer = lines.readline()
    if not answer:
        print("The server has gone")
        break
    print("Answer:", answer.strip())
connection.close()
