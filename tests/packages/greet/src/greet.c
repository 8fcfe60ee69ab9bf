#include "greet.h"

#include <stdio.h>

int greet(const char *name)
{
    return printf("good day, %s\n", name);
}
