"""Methods in Java that printed code calls; only those that a program needs are written into it."""

from __future__ import annotations

from credit_risk.export.code.blocks import called

_LIBRARY: dict[str, str] = {
    "halfAway": """
/** Rounded to an integer, halves away from zero. */
private static double halfAway(double x) {
    return Math.copySign(Math.floor(Math.abs(x) + 0.5), x) + 0.0;
}
""",
    "standardNormal": """
/** The standard normal distribution function: a series near 0, a continued fraction in the tails. */
private static double standardNormal(double x) {
    double z = Math.abs(x), density = StrictMath.exp(-0.5 * z * z) * 0.3989422804014327;
    if (z < 4.0) {
        double term = z, sum = z;
        for (int k = 3; term > 1e-18 * sum; k += 2) {
            term = term * z * z / k;
            sum = sum + term;
        }
        return x < 0.0 ? 0.5 - density * sum : 0.5 + density * sum;
    }
    double fraction = z;
    for (int k = 100; k > 0; k--) {
        fraction = z + k / fraction;
    }
    return x < 0.0 ? density / fraction : 1.0 - density / fraction;
}
""",
    "place": """
/** How many of the ascending cuts are at most x. */
private static int place(double[] cuts, double x) {
    int low = 0, high = cuts.length;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (x >= cuts[middle]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}
""",
    "onLine": """
/** A line through knots, constant outside. */
private static double onLine(double[] knots, double[] levels, double[] slopes, double x) {
    int at = place(knots, x);
    if (at == 0 || at == knots.length) {
        return levels[at == 0 ? 0 : at - 1];
    }
    return levels[at - 1] + (x - knots[at - 1]) * slopes[at - 1];
}
""",
    "addReason": """
/** Puts the greatest shortfall above 0 that is not told yet (the first of equals) at `order[count]`; the new count. */
private static int addReason(double[] shortfall, int[] among, int[] order, int count) {
    int best = -1;
    for (int one : among) {
        boolean used = false;
        for (int k = 0; k < count; k++) {
            used = used || order[k] == one;
        }
        if (!used && shortfall[one] > 0.0 && (best < 0 || shortfall[one] > shortfall[best])) {
            best = one;
        }
    }
    if (best >= 0) {
        order[count] = best;
    }
    return best >= 0 ? count + 1 : count;
}
""",
    "reasons": """
/** The codes of the greatest shortfalls, at most `maximum`; an inquiry more at the end where none of them is one. */
private static String[] reasons(double[] shortfall, String[] codes, int maximum, int[] inquiries, int places) {
    int[] every = new int[shortfall.length];
    for (int k = 0; k < every.length; k++) {
        every[k] = k;
    }
    int[] order = new int[every.length + 1];
    int count = 0, before = -1;
    while (count > before && count < maximum) {
        before = count;
        count = addReason(shortfall, every, order, count);
    }
    String[] told = new String[places];
    boolean asked = false;
    for (int k = 0; k < count; k++) {
        told[k] = codes[order[k]];
        for (int one : inquiries) {
            asked = asked || one == order[k];
        }
    }
    if (!asked && addReason(shortfall, inquiries, order, count) > count) {
        told[places - 1] = codes[order[count]];
    }
    return told;
}
""",
    "join": """
private static double[] join(double[]... parts) {
    int size = 0;
    for (double[] part : parts) {
        size += part.length;
    }
    double[] whole = new double[size];
    size = 0;
    for (double[] part : parts) {
        System.arraycopy(part, 0, whole, size, part.length);
        size += part.length;
    }
    return whole;
}
""",
    "joinTexts": """
private static String[] joinTexts(String[]... parts) {
    java.util.List<String> whole = new java.util.ArrayList<>();
    for (String[] part : parts) {
        whole.addAll(java.util.Arrays.asList(part));
    }
    return whole.toArray(new String[0]);
}
""",
    "joinTrees": """
private static Tree[] joinTrees(Tree[]... parts) {
    java.util.List<Tree> whole = new java.util.ArrayList<>();
    for (Tree[] part : parts) {
        whole.addAll(java.util.Arrays.asList(part));
    }
    return whole.toArray(new Tree[0]);
}
""",
    "joinParts": """
private static Part[] joinParts(Part[]... parts) {
    java.util.List<Part> whole = new java.util.ArrayList<>();
    for (Part[] part : parts) {
        whole.addAll(java.util.Arrays.asList(part));
    }
    return whole.toArray(new Part[0]);
}
""",
    "readRows": """
/** Numbers of rows of text, `?` where one is missing. */
private static double[][] readRows(String[] texts) {
    double[][] rows = new double[texts.length][];
    for (int k = 0; k < texts.length; k++) {
        String[] cells = texts[k].split(" ");
        rows[k] = new double[cells.length];
        for (int j = 0; j < cells.length; j++) {
            rows[k][j] = cells[j].equals("?") ? Double.NaN : Double.parseDouble(cells[j]);
        }
    }
    return rows;
}
""",
    "readDay": r"""
private static final java.util.regex.Pattern DAY = java.util.regex.Pattern.compile(
    "([0-9]{4})-([0-9]{2})-([0-9]{2})([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?"
    + "(Z|[+-][0-9]{2}:[0-9]{2})?)?");

/** The day that a text names as year, month, day; null where it is no date. */
private static int[] readDay(String text) {
    java.util.regex.Matcher found = DAY.matcher(text);
    if (!found.matches()) {
        return null;
    }
    int[] day = {Integer.parseInt(found.group(1)), Integer.parseInt(found.group(2)), Integer.parseInt(found.group(3))};
    boolean exists = day[0] > 0 && day[1] > 0 && day[1] < 13 && day[2] > 0 && day[2] <= daysInMonth(day[0], day[1]);
    return exists ? day : null;
}

private static int daysInMonth(int year, int month) {
    boolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 ? (leap ? 29 : 28) : 30 + (month + month / 8) % 2;
}
""",
    "isDate": """
private static boolean isDate(String text) {
    return readDay(text) != null;
}
""",
    "dateDay": """
/** The number of a day, 1 for 0001-01-01; 0 where the text is no date. */
private static double dateDay(String text) {
    int[] day = readDay(text);
    if (day == null) {
        return 0.0;
    }
    int number = day[2], years = day[0] - 1;
    for (int month = 1; month < day[1]; month++) {
        number += daysInMonth(day[0], month);
    }
    return (double) (365L * years + years / 4 - years / 100 + years / 400 + number);
}
""",
    "dateYear": """
private static double dateYear(String text) {
    int[] day = readDay(text);
    return day == null ? 0.0 : day[0];
}
""",
    "dateMonth": """
private static double dateMonth(String text) {
    int[] day = readDay(text);
    return day == null ? 0.0 : day[1];
}
""",
    "dateDayOfMonth": """
private static double dateDayOfMonth(String text) {
    int[] day = readDay(text);
    return day == null ? 0.0 : day[2];
}
""",
    "dateEndsMonth": """
private static boolean dateEndsMonth(String text) {
    int[] day = readDay(text);
    return day != null && day[2] == daysInMonth(day[0], day[1]);
}
""",
}

TREE = """
/** A tree: feature (-1 marks a leaf), number (threshold or value of the leaf), left, right, missing goes left. */
private static final class Tree {
    final int[] feature, left, right;
    final double[] number;
    final boolean[] missingLeft;

    /** Reads nodes parted by blanks, each `feature:number:left:right:L` (R where missing goes right) or `value`. */
    Tree(String... texts) {
        String[] nodes = String.join(" ", texts).split(" ");
        feature = new int[nodes.length];
        left = new int[nodes.length];
        right = new int[nodes.length];
        number = new double[nodes.length];
        missingLeft = new boolean[nodes.length];
        for (int k = 0; k < nodes.length; k++) {
            String[] parts = nodes[k].split(":");
            feature[k] = parts.length == 1 ? -1 : Integer.parseInt(parts[0]);
            number[k] = Double.parseDouble(parts[parts.length == 1 ? 0 : 1]);
            if (parts.length > 1) {
                left[k] = Integer.parseInt(parts[2]);
                right[k] = Integer.parseInt(parts[3]);
                missingLeft[k] = parts[4].equals("L");
            }
        }
    }

    boolean goesLeft(int node, double[] x) {
        double value = x[feature[node]];
        return Double.isNaN(value) ? missingLeft[node] : value < number[node];
    }

    double leafOf(double[] x) {
        int node = 0;
        while (feature[node] >= 0) {
            node = goesLeft(node, x) ? left[node] : right[node];
        }
        return number[node];
    }
}
"""

GAME = """
/** What the characteristics add to trees for the row x against the background row z. */
private static final class Game {
    final double[] x, total;
    final int[] characteristic, side, path;
    double[] z;
    double weight;

    Game(double[] x, int[] characteristic, int players) {
        this.x = x;
        this.characteristic = characteristic;
        total = new double[players];
        side = new int[players];
        path = new int[players];
    }

    /** (a-1)! b! / (a+b)! */
    static double share(int a, int b) {
        double share = 1.0 / a;
        for (int k = 1; k <= b; k++) {
            share = share * k / (a + k);
        }
        return share;
    }

    /**
     * Adds what one tree gives. Where the rows part, one way holds the leaves that need the characteristic from x, the
     * other those that need it from z; a leaf that needs a of x and b of z gives each of the a (a-1)! b!/(a+b)! of its
     * value, each of the b as much less.
     */
    void add(Tree tree, int node, int a, int b) {
        while (tree.feature[node] >= 0) {
            boolean ofX = tree.goesLeft(node, x), ofZ = tree.goesLeft(node, z);
            int one = characteristic[tree.feature[node]];
            if (ofX != ofZ && side[one] == 0) {
                side[one] = 1;
                path[a + b] = one;
                add(tree, ofX ? tree.left[node] : tree.right[node], a + 1, b);
                side[one] = -1;
                path[a + b] = one;
                add(tree, ofZ ? tree.left[node] : tree.right[node], a, b + 1);
                side[one] = 0;
                return;
            }
            node = (side[one] < 0 ? ofZ : ofX) ? tree.left[node] : tree.right[node];
        }
        double ofA = a > 0 ? tree.number[node] * weight * share(a, b) : 0.0;
        double ofB = b > 0 ? tree.number[node] * weight * share(b, a) : 0.0;
        for (int k = 0; k < a + b; k++) {
            total[path[k]] += side[path[k]] > 0 ? ofA : -ofB;
        }
    }
}
"""

PART = """
/**
 * A part of trees: its splits give the number of its cell, a row of `adds` a cell holds what the characteristics get.
 * From `number` on that of the cell is greater by `step`, where the feature is missing by `missing`.
 */
private static final class Part {
    final int[] feature, step, missing, characteristic;
    final double[] number, adds;

    /** Reads words: how many splits and characteristics, `feature:number:step:missing`, characteristics, adds. */
    Part(String... texts) {
        String[] words = String.join(" ", texts).split(" ");
        int splits = Integer.parseInt(words[0]), width = Integer.parseInt(words[1]);
        feature = new int[splits];
        number = new double[splits];
        step = new int[splits];
        missing = new int[splits];
        characteristic = new int[width];
        adds = new double[words.length - 2 - splits - width];
        for (int k = 0; k < splits; k++) {
            String[] told = words[2 + k].split(":");
            feature[k] = Integer.parseInt(told[0]);
            number[k] = Double.parseDouble(told[1]);
            step[k] = Integer.parseInt(told[2]);
            missing[k] = Integer.parseInt(told[3]);
        }
        for (int k = 0; k < width; k++) {
            characteristic[k] = Integer.parseInt(words[2 + splits + k]);
        }
        for (int k = 0; k < adds.length; k++) {
            adds[k] = Double.parseDouble(words[2 + splits + width + k]);
        }
    }

    /** Adds what this part adds for the row x. */
    void add(double[] x, double[] total) {
        int cell = 0;
        for (int k = 0; k < feature.length; k++) {
            double value = x[feature[k]];
            cell += Double.isNaN(value) ? missing[k] : value >= number[k] ? step[k] : 0;
        }
        for (int k = 0; k < characteristic.length; k++) {
            total[characteristic[k]] += adds[cell * characteristic.length + k];
        }
    }
}
"""
CLASSES = {"Part[]": PART, "Game game": GAME}
"""Classes that a source declares where it holds the word."""

MAIN = r"""
// ------------------------------------------------------------------- rows of CSV (RFC 4180, UTF-8; empty is missing)

/** Reads a record; null at the end. */
private static java.util.List<String> readRecord(java.io.Reader source) throws java.io.IOException {
    java.util.List<String> fields = new java.util.ArrayList<>();
    int letter = source.read();
    if (letter < 0) {
        return null;
    }
    while (true) {
        StringBuilder field = new StringBuilder();
        boolean quoted = letter == '"';
        letter = quoted ? source.read() : letter;
        while (letter >= 0 && (quoted || (letter != ',' && letter != '\n'))) {
            if (quoted && letter == '"') {
                letter = source.read();
                if (letter != '"') {
                    quoted = false;
                    continue;
                }
            }
            if (quoted || letter != '\r') {
                field.append((char) letter);
            }
            letter = source.read();
        }
        fields.add(field.toString());
        if (letter != ',') {
            return fields;
        }
        letter = source.read();
    }
}

private static double numberOf(String text, String name, long row) {
    if (text.isEmpty()) {
        return Double.NaN;
    }
    try {
        return Double.parseDouble(text);
    } catch (NumberFormatException error) {
        throw new IllegalArgumentException("row " + row + ", column " + name + ": '" + text + "' is no number");
    }
}

private static void quote(StringBuilder line, String text) {
    line.append('"').append(text.replace("\"", "\"\"")).append('"');
}

private static void cell(StringBuilder line, Object value) {
    if (value instanceof String) {
        quote(line, (String) value);
    } else if (value != null && !((Double) value).isNaN()) {
        line.append(value);
    }
}

/** Score the verification rows: 0 where all have the results of the package (numbers within 1e-12). */
private static int selfTest() throws java.io.IOException {
    int wrong = 0, row = 0;
    for (String line : @CASES@) {
        row++;
        java.util.List<String> fields = readRecord(new java.io.StringReader(line));
        Object[] found = cells(score(input(fields, row)));
        for (int k = 0; k < found.length - 1; k++) {
            String want = fields.get(INPUTS.length + k);
            boolean same;
            if (TEXTS[k]) {
                same = want.equals(found[k] == null ? "" : found[k]);
            } else {
                double value = (Double) found[k], expected = numberOf(want, RESULTS[k], row);
                double most = 1e-12 * Math.max(1.0, Math.abs(expected));
                same = Double.isNaN(expected) ? Double.isNaN(value) : Math.abs(value - expected) <= most;
            }
            if (!same) {
                System.err.println("row " + row + ": " + RESULTS[k] + " is not " + (want.isEmpty() ? "missing" : want));
                wrong++;
            }
        }
    }
    System.out.println(row + " verification rows, " + wrong + " differences");
    return wrong == 0 ? 0 : 1;
}

/** Rows of the inputs with a header from standard input; their results, and bins and leaves after them on request. */
private static void filter(boolean traced) throws java.io.IOException {
    java.nio.charset.Charset utf8 = java.nio.charset.StandardCharsets.UTF_8;
    java.io.Reader source = new java.io.BufferedReader(new java.io.InputStreamReader(System.in, utf8), 1 << 16);
    java.util.List<String> header = readRecord(source);
    if (header == null || !header.equals(java.util.Arrays.asList(INPUTS))) {
        throw new IllegalArgumentException("the header is not " + String.join(", ", INPUTS));
    }
    java.io.Writer target = new java.io.BufferedWriter(new java.io.OutputStreamWriter(System.out, utf8), 1 << 16);
    StringBuilder line = new StringBuilder();
    for (String name : RESULTS) {
        quote(line.append(line.length() == 0 ? "" : ","), name);
    }
    for (int k = 0; traced && k < TRACED.length; k++) {
        quote(line.append(','), TRACED[k]);
    }
    target.append(line).append('\n');
    long row = 1;
    for (java.util.List<String> fields; (fields = readRecord(source)) != null; row++) {
        if (fields.size() != INPUTS.length) {
            String told = "row " + row + " has " + fields.size() + " fields, not " + INPUTS.length;
            throw new IllegalArgumentException(told);
        }
        Trace trace = traced ? new Trace() : null;
        Object[] found = cells(score(input(fields, row), trace));
        line.setLength(0);
        for (int k = 0; k < found.length; k++) {
            cell(k == 0 ? line : line.append(','), found[k]);
        }
        for (int k = 0; traced && k < trace.bin.length; k++) {
            line.append(',').append(trace.bin[k]);
        }
        for (int k = 0; traced && k < trace.leaf.length; k++) {
            line.append(',').append(trace.leaf[k]);
        }
        target.append(line).append('\n');
    }
    target.flush();
}

/** `--self-test`, or `--csv` with or without `--trace`. */
public static void main(String[] arguments) throws java.io.IOException {
    java.util.List<String> given = java.util.Arrays.asList(arguments);
    if (given.contains("--self-test")) {
        System.exit(selfTest());
    }
    if (!given.contains("--csv")) {
        System.err.println("--self-test, or --csv [--trace] with rows at standard input");
        System.exit(2);
    }
    filter(given.contains("--trace"));
}
"""


def library(body: str) -> str:
    """The methods that `body` calls, with those that they call."""
    needed: set[str] = set()
    left = [body]
    while left:
        names = called(left.pop())
        found = (names & _LIBRARY.keys()) - needed
        found |= {"readDay"} - needed if "daysInMonth" in names else set()
        needed |= found
        left += [_LIBRARY[name] for name in found]
    return "".join(source for name, source in _LIBRARY.items() if name in needed)
