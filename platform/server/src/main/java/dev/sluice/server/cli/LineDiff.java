package dev.sluice.server.cli;

import java.util.ArrayList;
import java.util.List;

/** What to do to the lines of a text to get another: the longest common subsequence stays, with three lines of context. */
final class LineDiff {
    private static final int CONTEXT = 3;

    private LineDiff() {}

    /** Lines that begin with {@code -}, {@code +} or a space; {@code …} where lines are left out. */
    static List<String> of(String before, String after) {
        var all = all(
                before.isEmpty() ? List.of() : before.lines().toList(),
                after.lines().toList());
        var shown = new ArrayList<String>();
        boolean isLeftOut = false;
        for (int i = 0; i < all.size(); i++) {
            boolean isNear = false;
            for (int near = Math.max(0, i - CONTEXT); near <= Math.min(all.size() - 1, i + CONTEXT); near++) {
                isNear |= !all.get(near).startsWith(" ");
            }
            if (isNear) {
                shown.add(all.get(i));
            } else if (!isLeftOut) {
                shown.add("…");
            }
            isLeftOut = !isNear;
        }
        return shown;
    }

    private static List<String> all(List<String> before, List<String> after) {
        int[][] common = new int[before.size() + 1][after.size() + 1];
        for (int i = before.size() - 1; i >= 0; i--) {
            for (int j = after.size() - 1; j >= 0; j--) {
                common[i][j] = before.get(i).equals(after.get(j))
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        var lines = new ArrayList<String>();
        int i = 0;
        int j = 0;
        while (i < before.size() || j < after.size()) {
            if (i < before.size() && j < after.size() && before.get(i).equals(after.get(j))) {
                lines.add(" " + before.get(i++));
                j++;
            } else if (i < before.size() && (j == after.size() || common[i + 1][j] >= common[i][j + 1])) {
                lines.add("-" + before.get(i++));
            } else {
                lines.add("+" + after.get(j++));
            }
        }
        return lines;
    }
}
