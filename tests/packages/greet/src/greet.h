/* Write a greeting for somebody to standard output; the number of characters. */
int greet(const char *name);
