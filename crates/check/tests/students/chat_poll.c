/* A chat room in C that speaks in lines: all members in one thread, with poll. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PLACES 32

static struct {
    char name[32], buffer[512];
    size_t filled;
} members[PLACES];
/* The first is that of who comes. */
static struct pollfd watched[PLACES];

static void broadcast(const char *text, int except)
{
    for (int i = 1; i < PLACES; i++)
        if (watched[i].fd >= 0 && i != except && members[i].name[0])
            send(watched[i].fd, text, strlen(text), MSG_NOSIGNAL);
}

static void tell(const char *name, const char *what)
{
    char text[128], clock[8];
    int count = 0;
    time_t now = time(NULL);
    for (int i = 1; i < PLACES; i++)
        count += members[i].name[0] != 0;
    strftime(clock, sizeof clock, "%H:%M", localtime(&now));
    snprintf(text, sizeof text, "Server: time=%s %s has %s. Member count=%d\n", clock, name, what, count);
    broadcast(text, 0);
}

static void leave(int i)
{
    char name[32];
    strcpy(name, members[i].name);
    close(watched[i].fd);
    watched[i].fd = -1;
    memset(&members[i], 0, sizeof members[i]);
    if (name[0])
        tell(name, "left");
}

static void handle(int i, const char *line)
{
    char text[600];
    if (members[i].name[0]) {
        if (strcmp(line, "quit") == 0) {
            leave(i);
            return;
        }
        snprintf(text, sizeof text, "%s: %s\n", members[i].name, line);
        broadcast(text, i);
        return;
    }
    for (int other = 1; other < PLACES; other++)
        if (!line[0] || strncmp(members[other].name, line, 31) == 0) {
            const char *refusal = "Choose another name\n";
            send(watched[i].fd, refusal, strlen(refusal), MSG_NOSIGNAL);
            return;
        }
    strncpy(members[i].name, line, 31);
    tell(members[i].name, "joined");
}

static void hear(int i)
{
    char *buffer = members[i].buffer, *end;
    ssize_t count = recv(watched[i].fd, buffer + members[i].filled, sizeof members[i].buffer - 1 - members[i].filled, 0);
    if (count <= 0) {
        leave(i);
        return;
    }
    members[i].filled += count;
    buffer[members[i].filled] = 0;
    while (watched[i].fd >= 0 && (end = strchr(buffer, '\n'))) {
        char line[512];
        *end = 0;
        strcpy(line, buffer);
        line[strcspn(line, "\r")] = 0;
        members[i].filled -= end + 1 - buffer;
        memmove(buffer, end + 1, members[i].filled + 1);
        handle(i, line);
    }
}

int main(void)
{
    int yes = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9009) };
    for (int i = 1; i < PLACES; i++)
        watched[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
    watched[0] = (struct pollfd){ .fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN };
    setsockopt(watched[0].fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(watched[0].fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(watched[0].fd, 5) < 0) {
        perror("bind");
        return EXIT_FAILURE;
    }
    while (poll(watched, PLACES, -1) > 0) {
        for (int i = 1; i < PLACES; i++)
            if (watched[i].fd >= 0 && watched[i].revents)
                hear(i);
        if (watched[0].revents) {
            int connection = accept(watched[0].fd, NULL, NULL);
            for (int i = 1; i < PLACES; i++)
                if (connection >= 0 && watched[i].fd < 0) {
                    watched[i].fd = connection;
                    watched[i].revents = 0;
                    connection = -1;
                }
        }
    }
}
