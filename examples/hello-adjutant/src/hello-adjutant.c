/* Greets in YAML; with --check, reads back what it would say and fails unless it is the same. */

#include <stdio.h>
#include <string.h>
#include <yaml.h>

static const char *const GREETING[][2] = {
    { "greeting", "Hello from Koji-Adjutant" },
    { "version", VERSION },
};
enum { LINES = sizeof GREETING / sizeof GREETING[0] };

static int emit(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
    return made && yaml_emitter_emit(emitter, event);
}

static int scalar(yaml_emitter_t *emitter, const char *text)
{
    yaml_event_t event;
    int made = yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, -1, 1, 1,
                                            YAML_PLAIN_SCALAR_STYLE);
    return emit(emitter, &event, made);
}

/* Returns 0 when libyaml cannot write the document. */
static int write_greeting(yaml_emitter_t *emitter)
{
    yaml_event_t event;
    int good = emit(emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    good = good && emit(emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0));
    good = good && emit(emitter, &event,
                        yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
    for (int i = 0; good && i < LINES; i++)
        good = scalar(emitter, GREETING[i][0]) && scalar(emitter, GREETING[i][1]);
    good = good && emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
    good = good && emit(emitter, &event, yaml_document_end_event_initialize(&event, 1));
    return good && emit(emitter, &event, yaml_stream_end_event_initialize(&event));
}

/* Returns 0 unless the document in `text` holds GREETING's words, in their order. */
static int read_greeting(const unsigned char *text, size_t length)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return 0;
    yaml_parser_set_input_string(&parser, text, length);
    int words = 0, good = 1, done = 0;
    while (good && !done) {
        yaml_event_t event;
        good = yaml_parser_parse(&parser, &event);
        if (!good)
            break;
        done = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_SCALAR_EVENT) {
            good = words < 2 * LINES
                   && strcmp((const char *)event.data.scalar.value, GREETING[words / 2][words % 2]) == 0;
            words++;
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return good && words == 2 * LINES;
}

int main(int argc, char **argv)
{
    unsigned char text[1024];
    size_t length = 0;
    yaml_emitter_t emitter;
    if (!yaml_emitter_initialize(&emitter))
        return 1;
    yaml_emitter_set_output_string(&emitter, text, sizeof text, &length);
    int good = write_greeting(&emitter);
    yaml_emitter_delete(&emitter);
    if (!good) {
        fputs("hello-adjutant: libyaml cannot write the greeting\n", stderr);
        return 1;
    }
    if (argc > 1 && strcmp(argv[1], "--check") == 0)
        return read_greeting(text, length) ? 0 : 1;
    return fwrite(text, 1, length, stdout) == length ? 0 : 1;
}
