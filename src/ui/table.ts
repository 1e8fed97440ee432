import { pad, width } from "./text.js";

/** Rows of cells as lines of columns, two blanks between; `numbers`: columns (from 0) that are set flush right. No newline at the end. */
export function columns(rows: readonly (readonly string[])[], numbers: readonly number[] = []): string[] {
  const wide: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (wide[i] = Math.max(wide[i] ?? 0, width(cell))));
  return rows.map((row) =>
    row
      .map((cell, i) => pad(cell, wide[i] ?? 0, numbers.includes(i) ? "start" : "end"))
      .join("  ")
      .trimEnd(),
  );
}
