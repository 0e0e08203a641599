/* The one function of bcryptprimitives.dll that Rust's standard library needs, for versions of Wine
   that do not have that library. It seeds hash maps; the tests need no good random numbers. */
#include <stddef.h>

__declspec(dllexport) int ProcessPrng(unsigned char *data, size_t len)
{
    static unsigned long long state = 88172645463325252ull;
    for (size_t at = 0; at < len; at++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data[at] = (unsigned char)state;
    }
    return 1;
}
