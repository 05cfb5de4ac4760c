/* A loopback HTTP server that is never the bottleneck: it finds the end of a request and sends bytes made beforehand.

   usage: loopback KEY FILE [KEY FILE ...]

   KEY is what stands between the first two slashes of the path, "/", and the path's last part, with "+stream" behind it
   where the request's body asks for a stream: "ok/completions+stream". FILE is the whole answer, head and body. A NUL
   byte in it is a pause of one millisecond. Prints its port; ends when its standard input ends. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PEERS = 512, ROOM = 1 << 18, PAUSE = 1000000 };

struct answer { char key[64]; char *data; size_t size; };
struct peer { int fd; char *in; size_t got; struct answer *out; size_t sent; long long due; };

static struct answer answers[64];
static int known;
static struct peer peers[PEERS];
static struct pollfd waits[PEERS + 2];
static struct peer *waiting[PEERS];

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what) { perror(what); exit(1); }

static void load(const char *key, const char *path) {
  FILE *file = fopen(path, "rb");
  struct answer *a = &answers[known++];
  if (!file || known > 63 || strlen(key) >= sizeof a->key) die(path);
  strcpy(a->key, key);
  fseek(file, 0, SEEK_END);
  a->size = ftell(file);
  rewind(file);
  a->data = malloc(a->size + 1);
  if (!a->data || fread(a->data, 1, a->size, file) != a->size) die(path);
  fclose(file);
}

static void drop(struct peer *p) { close(p->fd); p->fd = -1; }

static struct answer *lookup(const char *in, const char *body) {
  char key[64];
  const char *path = strchr(in, ' ') + 2, *stop = strchr(path, ' '), *slash = strchr(path, '/'), *last = stop;
  int streamed = strstr(body, "\"stream\":true") || strstr(body, "\"stream\": true");
  if (!slash || slash > stop) return NULL;
  while (last[-1] != '/') last--;
  snprintf(key, sizeof key, "%.*s/%.*s%s", (int)(slash - path), path, (int)(stop - last), last, streamed ? "+stream" : "");
  for (int i = 0; i < known; i++)
    if (!strcmp(answers[i].key, key)) return &answers[i];
  return NULL;
}

/* Send what is due of the answer. */
static void push(struct peer *p) {
  struct answer *a = p->out;
  while (p->sent < a->size) {
    if (p->due && now() < p->due) return;
    p->due = 0;
    char *from = a->data + p->sent, *pause = memchr(from, 0, a->size - p->sent);
    size_t size = pause ? (size_t)(pause - from) : a->size - p->sent;
    ssize_t n = size ? send(p->fd, from, size, MSG_NOSIGNAL) : 0;
    if (n < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) drop(p);
      return;
    }
    p->sent += n;
    if (pause && (size_t)n == size) { p->sent++; p->due = now() + PAUSE; }
  }
  p->out = NULL;
}

static void take(struct peer *p) {
  ssize_t n = recv(p->fd, p->in + p->got, ROOM - 1 - p->got, 0);
  if (n <= 0) {
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) drop(p);
    return;
  }
  p->got += n;
  p->in[p->got] = 0;
  char *end = strstr(p->in, "\r\n\r\n");
  if (!end) return;
  char *length = strcasestr(p->in, "\ncontent-length:");
  size_t whole = end + 4 - p->in + (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
  if (p->got < whole) return;
  *p = (struct peer){ .fd = p->fd, .in = p->in, .out = lookup(p->in, end + 4) };
  if (p->out) {
    push(p);
  } else {
    fprintf(stderr, "no answer for %.60s\n", p->in);
    drop(p);
  }
}

static void greet(int listener) {
  int fd = accept(listener, NULL, NULL), yes = 1, i = 0;
  if (fd < 0) return;
  while (i < PEERS && peers[i].fd >= 0) i++;
  if (i == PEERS) {
    close(fd);
    return;
  }
  fcntl(fd, F_SETFL, O_NONBLOCK);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  peers[i] = (struct peer){ .fd = fd, .in = peers[i].in ? peers[i].in : malloc(ROOM) };
}

static int listening(void) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t size = sizeof at;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 256)) die("listen");
  getsockname(listener, (struct sockaddr *)&at, &size);
  fcntl(listener, F_SETFL, O_NONBLOCK);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  return listener;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  for (int i = 1; i + 1 < argc; i += 2) load(argv[i], argv[i + 1]);
  for (int i = 0; i < PEERS; i++) peers[i].fd = -1;
  waits[0] = (struct pollfd){ .fd = 0, .events = POLLIN };
  waits[1] = (struct pollfd){ .fd = listening(), .events = POLLIN };
  for (;;) {
    int n = 0, pausing = 0;
    for (int i = 0; i < PEERS; i++) {
      struct peer *p = &peers[i];
      if (p->fd < 0) continue;
      waits[2 + n] = (struct pollfd){ .fd = p->fd, .events = p->out && !p->due ? POLLOUT : POLLIN };
      waiting[n++] = p;
      pausing |= p->due != 0;
    }
    poll(waits, 2 + n, pausing ? 1 : -1);
    if (waits[0].revents) return 0;
    if (waits[1].revents) greet(waits[1].fd);
    for (int i = 0; i < n; i++) {
      struct peer *p = waiting[i];
      if (p->out && (p->due || waits[2 + i].revents)) push(p);
      else if (waits[2 + i].revents) take(p);
    }
  }
}
