/* Adds two numbers, in C and in lines that end with CRLF: a process for each client. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void session(int peer)
{
    FILE *input = fdopen(peer, "r");
    char line[128];
    int a, b;
    if (!fgets(line, sizeof line, input))
        return;
    printf("Connection initiated by %s", line);
    dprintf(peer, "ack\r\n");
    while (fgets(line, sizeof line, input)) {
        if (sscanf(line, "%d%*[ ,]%d", &a, &b) == 2)
            dprintf(peer, "%d\r\n", a + b);
        else
            dprintf(peer, "two numbers, please\r\n");
    }
}

int main(void)
{
    int yes = 1, listener = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(12005), .sin6_addr = in6addr_any };
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, SOMAXCONN) < 0) {
        perror("bind");
        return EXIT_FAILURE;
    }
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (fork() == 0) {
            session(connection);
            exit(0);
        }
        close(connection);
    }
}
