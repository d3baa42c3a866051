package dev.sluice.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a command prints: a table on a terminal, NDJSON in a pipe, or as asked for. JSON is what the API answered, unchanged. */
final class Output {
    /** The formats there are. */
    enum Format {
        TABLE,
        JSON,
        NDJSON
    }

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table, json or ndjson (default: table on a terminal, ndjson in a pipe).")
    private @Nullable Format format;

    @Option(names = "--json", description = "The same as -o json.")
    private boolean json;

    /** A column of a table. */
    record Column(String title, Function<Map<String, @Nullable Object>, String> cell) {
        /** The member of that name. */
        static Column of(String member) {
            return new Column(member, row -> Json.text(row.get(member)));
        }
    }

    Format format(Terminal terminal) {
        if (json) {
            return Format.JSON;
        }
        if (format != null) {
            return format;
        }
        return terminal.isInteractive() ? Format.TABLE : Format.NDJSON;
    }

    /** Prints a list: a table, one JSON array, or a line for each. */
    void list(Terminal terminal, List<Map<String, @Nullable Object>> items, List<Column> columns) {
        switch (format(terminal)) {
            case TABLE -> table(terminal, items, columns);
            case JSON -> terminal.line(terminal.isInteractive() ? Json.writeIndented(items) : Json.write(items));
            case NDJSON -> items.forEach(item -> terminal.line(Json.write(item)));
        }
    }

    /** Prints one object: as the table says, or as JSON. */
    void one(Terminal terminal, Map<String, @Nullable Object> item, Runnable table) {
        switch (format(terminal)) {
            case TABLE -> table.run();
            case JSON -> terminal.line(terminal.isInteractive() ? Json.writeIndented(item) : Json.write(item));
            case NDJSON -> terminal.line(Json.write(item));
        }
    }

    static void table(Terminal terminal, List<Map<String, @Nullable Object>> items, List<Column> columns) {
        var cells = new ArrayList<List<String>>();
        int[] widths = new int[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = columns.get(i).title().length();
        }
        for (var item : items) {
            var row = new ArrayList<String>();
            for (int i = 0; i < widths.length; i++) {
                String cell = columns.get(i).cell().apply(item);
                widths[i] = Math.max(widths[i], cell.length());
                row.add(cell);
            }
            cells.add(row);
        }
        var titles = columns.stream().map(Column::title).toList();
        terminal.line(terminal.styled(Terminal.Style.DIM, padded(titles, widths)));
        cells.forEach(row -> terminal.line(padded(row, widths)));
    }

    private static String padded(List<String> row, int[] widths) {
        var line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            line.append(row.get(i));
            if (i < widths.length - 1) {
                line.append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
        }
        return line.toString().stripTrailing();
    }
}
