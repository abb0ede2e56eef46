"""Functions in C that printed code calls; only those that a program needs are written into it."""

from __future__ import annotations

from credit_risk.export.code.blocks import called

_DATES = r"""
/* Reads `count` digits; -1 where there are none. */
static int digits(const char **at, int count)
{
    int value = 0;
    while (count-- > 0) {
        if (**at < '0' || **at > '9') {
            return -1;
        }
        value = 10 * value + (*(*at)++ - '0');
    }
    return value;
}
"""

_LIBRARY: dict[str, str] = {
    "same": """
/* Whether two texts are the same bytes. */
static int same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}
""",
    "least": """
static double least(double a, double b)
{
    return b < a ? b : a;
}
""",
    "greatest": """
static double greatest(double a, double b)
{
    return b > a ? b : a;
}
""",
    "half_away": """
/* Rounded to an integer, halves away from zero. */
static double half_away(double x)
{
    return copysign(floor(fabs(x) + 0.5), x) + 0.0;
}
""",
    "standard_normal": """
/* The standard normal distribution function. */
static double standard_normal(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}
""",
    "place": """
/* How many of the ascending cuts are at most x. */
static int place(const double *cuts, int count, double x)
{
    int low = 0;
    while (low < count) {
        int middle = low + (count - low) / 2;
        if (x >= cuts[middle]) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return low;
}
""",
    "category_of": """
/* The bin of a text among categories in the order of their bytes. */
static int category_of(const struct category *categories, int count, const char *x, int unseen)
{
    int low = 0;
    while (low < count) {
        int middle = low + (count - low) / 2, order = strcmp(categories[middle].text, x);
        if (order == 0) {
            return categories[middle].bin;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return unseen;
}
""",
    "on_line": """
/* A line through knots, constant outside. */
static double on_line(const double *knots, const double *levels, const double *slopes, int count, double x)
{
    int at = place(knots, count, x);
    if (at == 0 || at == count) {
        return levels[at == 0 ? 0 : count - 1];
    }
    return levels[at - 1] + (x - knots[at - 1]) * slopes[at - 1];
}
""",
    "add_reason": """
/* Puts the greatest shortfall above 0 that is not told yet (the first of equals) at `told[count]`; the new count. */
static int add_reason(const double *shortfall, const int *among, int size, int *order, int count)
{
    int best = -1, k, j, used;
    for (k = 0; k < size; k++) {
        int one = among == NULL ? k : among[k];
        for (used = 0, j = 0; j < count; j++) {
            used = used || order[j] == one;
        }
        if (!used && shortfall[one] > 0.0 && (best < 0 || shortfall[one] > shortfall[best])) {
            best = one;
        }
    }
    if (best >= 0) {
        order[count++] = best;
    }
    return count;
}
""",
    "joined": """
/* Texts one after the other, in memory that is kept until the row is done; the empty text where none is left. */
static const char *joined(struct values *v, int count, ...)
{
    va_list texts;
    size_t length = 1;
    char *whole;
    int k;
    va_start(texts, count);
    for (k = 0; k < count; k++) {
        length += strlen(va_arg(texts, const char *));
    }
    va_end(texts);
    whole = v->kept_count < KEPT ? malloc(length) : NULL;
    if (whole == NULL) {
        v->no_memory = 1;
        return "";
    }
    v->kept[v->kept_count++] = whole;
    *whole = '\\0';
    va_start(texts, count);
    for (k = 0; k < count; k++) {
        strcat(whole, va_arg(texts, const char *));
    }
    va_end(texts);
    return whole;
}
""",
    "digits": _DATES,
    "days_in_month": """
static int days_in_month(int year, int month)
{
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 ? 28 + leap : 30 + (month + month / 8) % 2;
}
""",
    "time_follows": r"""
/* Whether what follows a day is nothing or a time of day (`THH:MM`, `:SS`, a fraction, `Z` or `+HH:MM`). */
static int time_follows(const char *at)
{
    int part;
    if (*at == '\0') {
        return 1;
    }
    if (*at != 'T' && *at != ' ') {
        return 0;
    }
    at++;
    part = digits(&at, 2);
    if (part < 0 || part > 23 || *at++ != ':') {
        return 0;
    }
    part = digits(&at, 2);
    if (part < 0 || part > 59) {
        return 0;
    }
    if (*at == ':') {
        at++;
        part = digits(&at, 2);
        if (part < 0 || part > 59) {
            return 0;
        }
        if (*at == '.') {
            at++;
            if (digits(&at, 1) < 0) {
                return 0;
            }
            while (*at >= '0' && *at <= '9') {
                at++;
            }
        }
    }
    if (*at == 'Z') {
        at++;
    } else if (*at == '+' || *at == '-') {
        at++;
        if (digits(&at, 2) < 0 || *at++ != ':' || digits(&at, 2) < 0) {
            return 0;
        }
    }
    return *at == '\0';
}
""",
    "read_day": r"""
/* The day that a text names as year, month, day; 0 where it is no date. */
static int read_day(const char *at, int *year, int *month, int *day)
{
    *year = digits(&at, 4);
    if (*year < 1 || *at++ != '-') {
        return 0;
    }
    *month = digits(&at, 2);
    if (*month < 1 || *month > 12 || *at++ != '-') {
        return 0;
    }
    *day = digits(&at, 2);
    return *day >= 1 && *day <= days_in_month(*year, *month) && time_follows(at);
}
""",
    "is_date": """
static int is_date(const char *text)
{
    int year, month, day;
    return read_day(text, &year, &month, &day);
}
""",
    "date_day": """
/* The number of a day, 1 for 0001-01-01; 0 where the text is no date. */
static double date_day(const char *text)
{
    int year, month, day, m;
    if (!read_day(text, &year, &month, &day)) {
        return 0.0;
    }
    for (m = 1; m < month; m++) {
        day += days_in_month(year, m);
    }
    year--;
    return (double)(365L * year + year / 4 - year / 100 + year / 400 + day);
}
""",
    "date_year": """
static double date_year(const char *text)
{
    int year, month, day;
    return read_day(text, &year, &month, &day) ? (double)year : 0.0;
}
""",
    "date_month": """
static double date_month(const char *text)
{
    int year, month, day;
    return read_day(text, &year, &month, &day) ? (double)month : 0.0;
}
""",
    "date_day_of_month": """
static double date_day_of_month(const char *text)
{
    int year, month, day;
    return read_day(text, &year, &month, &day) ? (double)day : 0.0;
}
""",
    "date_ends_month": """
static int date_ends_month(const char *text)
{
    int year, month, day;
    return read_day(text, &year, &month, &day) && day == days_in_month(year, month);
}
""",
    "goes_left": """
static int goes_left(const struct node *node, const double *x)
{
    double value = x[node->feature];
    return isnan(value) ? node->missing_left : value < node->number;
}
""",
    "leaf_of": """
/* The value of the leaf that a row reaches. */
static double leaf_of(const struct node *tree, const double *x)
{
    int at = 0;
    while (tree[at].feature >= 0) {
        at = goes_left(&tree[at], x) ? tree[at].left : tree[at].right;
    }
    return tree[at].number;
}
""",
    "attribute": """
/* Adds what each part of the trees adds for the row x. Its splits give the number of its cell; a row of `adds` a cell
   holds what the characteristics `one` get. */
static void attribute(const struct part *parts, int count, const struct split *split, const int *one,
                      const double *adds, const double *x, double *total)
{
    int part, k;
    for (part = 0; part < count; part++) {
        int cell = 0, width = parts[part].characteristics;
        for (k = 0; k < parts[part].splits; k++, split++) {
            double value = x[split->feature];
            cell += isnan(value) ? split->missing : value >= split->number ? split->step : 0;
        }
        for (k = 0; k < width; k++) {
            total[one[k]] += adds[cell * width + k];
        }
        one += width;
        adds += parts[part].cells * width;
    }
}
""",
    "attribute_row": """
/* Adds what the characteristics add to one tree for the row x against the background row z. Where the two part, one
   way holds the leaves that need the characteristic from x, the other those that need it from z; a leaf that needs
   a of x and b of z gives each of the a (a-1)! b!/(a+b)! of its value, each of the b as much less. */
static void attribute_row(const struct node *tree, int at, const struct game *game, int a, int b)
{
    while (tree[at].feature >= 0) {
        int of_x = goes_left(&tree[at], game->x), of_z = goes_left(&tree[at], game->z);
        int one = game->characteristic[tree[at].feature];
        if (of_x != of_z && game->side[one] == 0) {
            game->side[one] = 1;
            game->path[a + b] = one;
            attribute_row(tree, of_x ? tree[at].left : tree[at].right, game, a + 1, b);
            game->side[one] = -1;
            game->path[a + b] = one;
            attribute_row(tree, of_z ? tree[at].left : tree[at].right, game, a, b + 1);
            game->side[one] = 0;
            return;
        }
        at = (game->side[one] < 0 ? of_z : of_x) ? tree[at].left : tree[at].right;
    }
    {
        double of_a = a > 0 ? tree[at].number * game->weight * game->share[a * game->width + b] : 0.0;
        double of_b = b > 0 ? tree[at].number * game->weight * game->share[b * game->width + a] : 0.0;
        int k;
        for (k = 0; k < a + b; k++) {
            int one = game->path[k];
            game->total[one] += game->side[one] > 0 ? of_a : -of_b;
        }
    }
}
""",
}

NODE = """
/* A node of a tree: below `number` left; `feature` -1 marks a leaf, whose value is `number`. */
struct node {
    int feature;
    double number;
    int left, right, missing_left;
};
"""
CATEGORY = """
/* A category and its bin. */
struct category {
    const char *text;
    int bin;
};
"""
GAME = """
/* What the attribution of one row x against one row z needs. */
struct game {
    const double *x, *z, *share;
    const int *characteristic;
    double weight, *total;
    int width, *side, *path;
};
"""
PART = """
/* A part of the trees: so many splits find its cell, so many characteristics are added to. */
struct part {
    int splits, characteristics, cells;
};
/* A split: from `number` on the number of the cell is greater by `step`, where the feature is missing by `missing`. */
struct split {
    int feature;
    double number;
    int step, missing;
};
"""
STRUCTURES = {"struct part ": PART, "struct game ": GAME}
"""Structures that a source declares where it holds the word."""


def library(body: str) -> str:
    """The functions that `body` calls, with those that they call, in an order in which they compile."""
    needed: set[str] = set()
    left = [body]
    while left:
        found = (called(left.pop()) & _LIBRARY.keys()) - needed
        needed |= found
        left += [_LIBRARY[name] for name in found]
    return "".join(source for name, source in _LIBRARY.items() if name in needed)
