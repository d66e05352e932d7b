/* A calculator in C whose messages are fields of 64 bytes, filled up with NULs: a process for each client. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIELD 64

static void session(int peer)
{
    char name[FIELD + 1] = { 0 }, request[FIELD + 1], answer[FIELD];
    if (recv(peer, name, FIELD, 0) <= 0)
        return;
    for (;;) {
        double a, b;
        char operator;
        memset(request, 0, sizeof request);
        memset(answer, 0, sizeof answer);
        if (recv(peer, request, FIELD, 0) <= 0 || strncmp(request, "q", 1) == 0)
            break;
        printf("%s: %s\n", name, request);
        if (sscanf(request, "%lf %c %lf", &a, &operator, &b) != 3 || !strchr("+-*/", operator))
            strcpy(answer, "Error in format");
        else if (operator == '/' && b == 0)
            strcpy(answer, "Division by zero");
        else
            snprintf(answer, FIELD, "Answer = %f",
                     operator == '+' ? a + b : operator == '-' ? a - b : operator == '*' ? a * b : a / b);
        if (send(peer, answer, FIELD, MSG_NOSIGNAL) < 0)
            break;
    }
    printf("Session ended\n");
}

int main(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(8080) };
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 3) < 0) {
        perror("bind");
        return EXIT_FAILURE;
    }
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0 && fork() == 0) {
            close(listener);
            session(connection);
            exit(0);
        }
        close(connection);
    }
}
