// SPDX-License-Identifier: Apache-2.0
//
// load ADDRESS PORT FILE LENGTH CLIENTS MILLISECONDS BLKSIZE WINDOWSIZE
//
// Fetches FILE of LENGTH bytes with CLIENTS processes, each again and again until the time is over (a fetch that has begun is
// finished), and prints one line: files, bytes, seconds, repeated blocks, failures. Word n of the file must be n * 2654435761
// (little-endian): the first word of each block is compared. In C, so that the load costs less than any server.
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct result {
  uint64_t files, bytes, repeats, failures;
};

static struct sockaddr_in server;
static const char *file;
static uint64_t length;
static int blksize, windowsize;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int request(unsigned char *packet) {
  unsigned char *at = packet;
  *at++ = 0;
  *at++ = 1;
  at += sprintf((char *)at, "%s", file) + 1;
  at += sprintf((char *)at, "octet") + 1;
  if (blksize != 512) {
    at += sprintf((char *)at, "blksize") + 1;
    at += sprintf((char *)at, "%d", blksize) + 1;
  }
  if (windowsize > 1) {
    at += sprintf((char *)at, "windowsize") + 1;
    at += sprintf((char *)at, "%d", windowsize) + 1;
  }
  return at - packet;
}

static void acknowledge(int fd, const struct sockaddr_in *peer, uint64_t block) {
  unsigned char ack[4] = {0, 4, (block >> 8) & 255, block & 255};
  sendto(fd, ack, 4, 0, (const struct sockaddr *)peer, sizeof *peer);
}

static int wrong(const unsigned char *data, uint64_t block, int size) {
  uint64_t offset = (block - 1) * (uint64_t)blksize;
  if (size < 4 || offset % 4 != 0) return 0;
  uint32_t word = (uint32_t)(offset / 4 * 2654435761u), found;
  memcpy(&found, data, 4);
  return found != word;
}

// One transfer, from a port of its own; 0 when all of it came.
static int fetch(struct result *result) {
  static unsigned char packet[65536];
  int fd = socket(AF_INET, SOCK_DGRAM, 0), tries = 0, size, outcome = -1;
  struct timeval patience = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  unsigned char first[600];
  int asked = request(first);
  uint64_t block = 0, acked = 0, got = 0;
  int options = 0;
  struct sockaddr_in peer = server, from;
  sendto(fd, first, asked, 0, (struct sockaddr *)&server, sizeof server);
  for (;;) {
    socklen_t many = sizeof from;
    size = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &many);
    if (size < 0) {
      if ((errno != EAGAIN && errno != EINTR) || ++tries > 8) break;
      result->repeats++;
      if (block == 0 && !options) sendto(fd, first, asked, 0, (struct sockaddr *)&server, sizeof server);
      else acknowledge(fd, &peer, block);
      acked = block;
      continue;
    }
    if (size < 4 || packet[0] != 0 || packet[1] == 5) break;
    peer = from;
    if (packet[1] == 6) {
      options = 1;
      acknowledge(fd, &peer, 0);
      continue;
    }
    if (packet[1] != 3) break;
    uint16_t wire = packet[2] << 8 | packet[3];
    if (wire != (uint16_t)(block + 1)) {
      // A gap: say where we are, once for what is in flight.
      result->repeats++;
      if (acked != block || windowsize == 1) acknowledge(fd, &peer, block);
      acked = block;
      continue;
    }
    block++;
    tries = 0;
    size -= 4;
    got += size;
    if (wrong(packet + 4, block, size)) break;
    int last = size < blksize;
    if (last || block - acked >= (uint64_t)windowsize) {
      acknowledge(fd, &peer, block);
      acked = block;
    }
    if (last) {
      outcome = got == length ? 0 : -1;
      break;
    }
  }
  close(fd);
  result->bytes += got;
  if (outcome == 0) result->files++;
  else result->failures++;
  return outcome;
}

int main(int count, char **args) {
  if (count != 9) return 2;
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(args[2]));
  inet_pton(AF_INET, args[1], &server.sin_addr);
  file = args[3];
  length = strtoull(args[4], 0, 10);
  int clients = atoi(args[5]), millis = atoi(args[6]), pipes[2];
  blksize = atoi(args[7]);
  windowsize = atoi(args[8]);
  if (pipe(pipes) < 0) return 1;
  double since = now(), until = since + millis / 1000.0;
  for (int n = 0; n < clients; n++) {
    if (fork() != 0) continue;
    struct result own = {0};
    do {
      if (fetch(&own) < 0 && own.failures > 20) break;
    } while (now() < until);
    _exit(write(pipes[1], &own, sizeof own) == sizeof own ? 0 : 1);
  }
  close(pipes[1]);
  struct result all = {0}, one;
  while (read(pipes[0], &one, sizeof one) == sizeof one) {
    all.files += one.files;
    all.bytes += one.bytes;
    all.repeats += one.repeats;
    all.failures += one.failures;
  }
  double seconds = now() - since;
  while (wait(0) > 0) {}
  printf("%llu %llu %.6f %llu %llu\n", (unsigned long long)all.files, (unsigned long long)all.bytes, seconds,
         (unsigned long long)all.repeats, (unsigned long long)all.failures);
  return 0;
}
