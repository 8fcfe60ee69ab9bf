#include <greet.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "world";

    printf("%08lx ", crc32(0, (const Bytef *)name, (uInt)strlen(name)));
    return greet(name) <= 0;
}
