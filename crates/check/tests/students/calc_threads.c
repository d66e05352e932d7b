/* A calculator in C that speaks in lines: a thread for each client, which it reads with stdio. */
#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void compute(const char *request, char *answer, size_t size)
{
    double a, b, result = NAN;
    char operator;
    if (sscanf(request, "%lf %c %lf", &a, &operator, &b) != 3) {
        snprintf(answer, size, "Error: bad format\n");
        return;
    }
    switch (operator) {
    case '+': result = a + b; break;
    case '-': result = a - b; break;
    case '*': result = a * b; break;
    case '/': if (b != 0) result = a / b; break;
    }
    if (isnan(result))
        snprintf(answer, size, "Error: cannot compute\n");
    else
        snprintf(answer, size, "%g\n", result);
}

static void *session(void *argument)
{
    FILE *peer = fdopen((int)(intptr_t)argument, "r+");
    char name[256], line[256], answer[64];
    if (fgets(name, sizeof name, peer)) {
        name[strcspn(name, "\r\n")] = 0;
        while (fgets(line, sizeof line, peer)) {
            line[strcspn(line, "\r\n")] = 0;
            printf("%s: %s\n", name, line);
            if (strcmp(line, "q") == 0)
                break;
            compute(line, answer, sizeof answer);
            /* Between reading and writing stdio wants to know where it is; a socket has no places. */
            send(fileno(peer), answer, strlen(answer), MSG_NOSIGNAL);
        }
    }
    puts("Session ended");
    fclose(peer);
    return NULL;
}

int main(void)
{
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(12004), .sin_addr.s_addr = INADDR_ANY };
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 5) < 0) {
        perror("bind");
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        pthread_t thread;
        if (connection >= 0 && pthread_create(&thread, NULL, session, (void *)(intptr_t)connection) == 0)
            pthread_detach(thread);
    }
}
