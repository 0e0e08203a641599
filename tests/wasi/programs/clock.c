/* Clocks: prints what has to hold, never a time. */
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long nanoseconds(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now)) return -1;
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void holds(const char *what, int it) { printf("%s: %s\n", what, it ? "yes" : "NO"); }

int main(void) {
  int back = 0;
  long long last = nanoseconds(CLOCK_MONOTONIC);
  for (int round = 0; round < 1000; round++) {
    long long now = nanoseconds(CLOCK_MONOTONIC);
    back += now < last;
    last = now;
  }
  holds("the monotonic clock never goes back", back == 0);

  long long began = nanoseconds(CLOCK_MONOTONIC);
  struct timespec pause = {0, 30000000};
  holds("nanosleep succeeds", nanosleep(&pause, NULL) == 0);
  long long slept = nanoseconds(CLOCK_MONOTONIC) - began;
  holds("30 ms take 30 ms or more", slept >= 30000000);
  holds("and no minute", slept < 60000000000LL);

  began = nanoseconds(CLOCK_MONOTONIC);
  holds("usleep succeeds", usleep(5000) == 0);
  holds("5 ms take 5 ms or more", nanoseconds(CLOCK_MONOTONIC) - began >= 5000000);

  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 10000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  holds("a sleep until a time succeeds", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
  holds("it is that time",
        nanoseconds(CLOCK_MONOTONIC) >= until.tv_sec * 1000000000LL + until.tv_nsec);
  holds("a sleep until a time gone by succeeds",
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);

  time_t now = time(NULL);
  struct timeval day;
  gettimeofday(&day, NULL);
  holds("the year is 2024 or later", now > 1704067200);
  holds("and before 2100", now < 4102444800LL);
  holds("both ways of asking agree", day.tv_sec >= now && day.tv_sec - now < 60);
  struct timespec step;
  holds("the clock has a resolution",
        clock_getres(CLOCK_MONOTONIC, &step) == 0 && step.tv_sec * 1000000000LL + step.tv_nsec > 0);
  holds("which is a second at most", step.tv_sec <= 1);

  /* Dates are computed by the program itself, in the only time zone that it knows. */
  time_t launch = 1000000000;
  char text[64];
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime(&launch));
  puts(text);
  return 0;
}
