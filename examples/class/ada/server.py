# Question 6 and 8: a calculator, with a thread for each client. Messages end with a newline.
import socket
import threading

PORT = 12004


def compute(request):
    a, operator, b = request.split()
    a, b = float(a), float(b)
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b
    if operator == "*":
        return a * b
    if operator == "/":
        return a / b
    raise ValueError("unknown operator " + operator)


def serve(connection):
    try:
        lines = connection.makefile("r", encoding="utf-8", errors="replace", newline="\n")
        name = lines.readline().strip()
        for line in lines:
            request = line.strip()
            print(name + ":", request)
            if request == "q":
                print("Session ended")
                break
            try:
                answer = compute(request)
            except (ValueError, ZeroDivisionError) as error:
                answer = "Error: " + str(error)
            connection.sendall((str(answer) + "\n").encode())
    except OSError as error:
        print("lost a client:", error)
    finally:
        connection.close()


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", PORT))
server.listen()
print("The server is ready")
while True:
    connection, address = server.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
