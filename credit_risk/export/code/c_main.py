"""The programs within printed C: its self-test, and the filter of CSV."""

from __future__ import annotations

MAIN = r"""
#if defined(MAIN) || defined(SELF_TEST)
#include <stdio.h>

/* ------------------------------------------------------------------ rows of CSV (RFC 4180, UTF-8; empty is missing) */
struct column {
    const char *name;
    int is_text;
    size_t offset;
};

static const struct column INPUTS[] = {
@INPUTS@};
static const struct column RESULTS[] = {
@RESULTS@};
enum { INPUT_COUNT = @INPUT_COUNT@, RESULT_COUNT = @RESULT_COUNT@, MOST_FIELDS = INPUT_COUNT + RESULT_COUNT };

struct source {
    FILE *file;
    const char *text;
};

struct record {
    char *data;
    size_t used, room;
    size_t field[MOST_FIELDS];
    int count;
};

static int next_character(struct source *source)
{
    if (source->file != NULL) {
        return getc(source->file);
    }
    return *source->text == '\0' ? EOF : (unsigned char)*source->text++;
}

static void keep(struct record *record, int letter)
{
    if (record->used == record->room) {
        record->room = 2 * record->room + 256;
        record->data = realloc(record->data, record->room);
        if (record->data == NULL) {
            fprintf(stderr, "no memory is left\n");
            exit(2);
        }
    }
    record->data[record->used++] = (char)letter;
}

/* Reads a record; 0 at the end. Fields beyond MOST_FIELDS are counted and not kept. */
static int read_record(struct source *source, struct record *record)
{
    int letter = next_character(source), quoted = 0, open = 1;
    record->used = 0;
    record->count = 0;
    if (letter == EOF) {
        return 0;
    }
    while (open) {
        if (record->count < MOST_FIELDS) {
            record->field[record->count] = record->used;
        }
        record->count++;
        quoted = letter == '"';
        if (quoted) {
            letter = next_character(source);
        }
        while (letter != EOF && (quoted || (letter != ',' && letter != '\n'))) {
            if (quoted && letter == '"') {
                letter = next_character(source);
                if (letter != '"') {
                    quoted = 0;
                    continue;
                }
            }
            if (quoted || letter != '\r') {
                keep(record, letter);
            }
            letter = next_character(source);
        }
        keep(record, '\0');
        open = letter == ',';
        if (open) {
            letter = next_character(source);
        }
    }
    return 1;
}

static const char *field_of(const struct record *record, int k)
{
    return record->data + record->field[k];
}

/* A number, NaN where the field is empty; exits where it is none. */
static double number_of(const char *text, const char *name, long row)
{
    char *end;
    double value;
    if (*text == '\0') {
        return NAN;
    }
    value = strtod(text, &end);
    if (*end != '\0' || isnan(value)) {
        fprintf(stderr, "row %ld, column %s: '%s' is no number\n", row, name, text);
        exit(2);
    }
    return value;
}

static void input_of(const struct record *record, struct @ID@_input *in, long row)
{
    int k;
    for (k = 0; k < INPUT_COUNT; k++) {
        void *at = (char *)in + INPUTS[k].offset;
        const char *text = field_of(record, k);
        if (INPUTS[k].is_text) {
            *(const char **)at = *text == '\0' ? NULL : text;
        } else {
            *(double *)at = number_of(text, INPUTS[k].name, row);
        }
    }
}
#endif

#ifdef SELF_TEST
/* ---------------------------------------------------------------------------------- the package's verification rows */
static const char *const CASES[] = {
@CASES@    NULL
};

/* 0 where every row has the results of the package: texts alike, numbers within 1e-12 (relative above 1). */
int main(void)
{
    struct record record = {NULL, 0, 0, {0}, 0};
    struct @ID@_input in;
    struct @ID@_result out;
    long row, wrong = 0;
    int k;
    memset(&out, 0, sizeof out);
    for (row = 0; CASES[row] != NULL; row++) {
        struct source source = {NULL, NULL};
        source.text = CASES[row];
        read_record(&source, &record);
        input_of(&record, &in, row + 1);
        if (record.count != MOST_FIELDS - 1 || @ID@_score(&in, &out) != 0) {
            fprintf(stderr, "row %ld: it is not scored\n", row + 1);
            wrong++;
            continue;
        }
        for (k = 0; k < RESULT_COUNT - 1; k++) {
            const void *at = (const char *)&out + RESULTS[k].offset;
            const char *want = field_of(&record, INPUT_COUNT + k);
            int differs;
            if (RESULTS[k].is_text) {
                const char *text = *(const char *const *)at;
                differs = strcmp(text == NULL ? "" : text, want) != 0;
            } else {
                double value = *(const double *)at, expected = number_of(want, RESULTS[k].name, row + 1);
                double most = 1e-12 * fmax(1.0, fabs(expected));
                differs = isnan(expected) ? !isnan(value) : !(fabs(value - expected) <= most);
            }
            if (differs) {
                fprintf(stderr, "row %ld: %s is not %s\n", row + 1, RESULTS[k].name, *want == '\0' ? "missing" : want);
                wrong++;
            }
        }
    }
    free(record.data);
    printf("%ld verification rows, %ld differences\n", row, wrong);
    return wrong != 0;
}
#endif

#ifdef MAIN
/* Reads rows of the inputs with a header, writes the results; with the argument --trace bins and leaves after them. */
static void print_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            putchar('"');
        }
        putchar(*text);
    }
    putchar('"');
}

static const char *const BINS[] = {
@BINS@    NULL
};
static const char *const LEAVES[] = {
@LEAVES@    NULL
};

static void print_header(int traced)
{
    int k;
    for (k = 0; k < RESULT_COUNT; k++) {
        printf(k == 0 ? "" : ",");
        print_text(RESULTS[k].name);
    }
    for (k = 0; traced && BINS[k] != NULL; k++) {
        putchar(',');
        print_text(BINS[k]);
    }
    for (k = 0; traced && LEAVES[k] != NULL; k++) {
        putchar(',');
        print_text(LEAVES[k]);
    }
    putchar('\n');
}

static void print_row(const struct @ID@_result *out, const struct @ID@_trace *trace)
{
    int k;
    for (k = 0; k < RESULT_COUNT; k++) {
        const void *at = (const char *)out + RESULTS[k].offset;
        printf(k == 0 ? "" : ",");
        if (RESULTS[k].is_text) {
            if (*(const char *const *)at != NULL) {
                print_text(*(const char *const *)at);
            }
        } else if (!isnan(*(const double *)at)) {
            printf("%.17g", *(const double *)at);
        }
    }
    for (k = 0; trace != NULL && BINS[k] != NULL; k++) {
        printf(",%d", trace->bin[k]);
    }
    for (k = 0; trace != NULL && LEAVES[k] != NULL; k++) {
        printf(",%.17g", trace->leaf[k]);
    }
    putchar('\n');
}

int main(int count, char **arguments)
{
    static struct @ID@_trace trace;
    struct @ID@_input in;
    struct @ID@_result out;
    struct source source = {NULL, NULL};
    struct record record = {NULL, 0, 0, {0}, 0};
    int traced = count > 1 && strcmp(arguments[1], "--trace") == 0, k;
    long row = 1;
    source.file = stdin;
    if (!read_record(&source, &record) || record.count != INPUT_COUNT) {
        fprintf(stderr, "the header does not have %d columns\n", INPUT_COUNT);
        return 2;
    }
    for (k = 0; k < INPUT_COUNT; k++) {
        if (strcmp(field_of(&record, k), INPUTS[k].name) != 0) {
            fprintf(stderr, "column %d of the header is '%s', not '%s'\n", k + 1, field_of(&record, k), INPUTS[k].name);
            return 2;
        }
    }
    print_header(traced);
    while (read_record(&source, &record)) {
        if (record.count != INPUT_COUNT) {
            fprintf(stderr, "row %ld has %d fields, not %d\n", row, record.count, INPUT_COUNT);
            return 2;
        }
        input_of(&record, &in, row++);
        if (@ID@_score_traced(&in, &out, traced ? &trace : NULL) < 0) {
            fprintf(stderr, "no memory is left\n");
            return 2;
        }
        print_row(&out, traced ? &trace : NULL);
    }
    free(record.data);
    return 0;
}
#endif
"""
