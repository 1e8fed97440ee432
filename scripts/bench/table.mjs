// Rows as a table, and whether they meet their goals.

/** @typedef {import("./measure.mjs").Row} Row */

/** Whether a row is where it should be; true where nobody asked for anything. @param {Row} row */
export function meets({ value, goal, atLeast }) {
  if (goal === undefined) return true;
  return atLeast ? value >= goal : value <= goal;
}

/** @param {number} value */
function figure(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A Markdown table of all rows, in the order of their groups. @param {readonly Row[]} rows */
export function table(rows) {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const lines = groups.flatMap((group) =>
    rows
      .filter((row) => row.group === group)
      .map((row) => {
        const { name, value, unit, goal, atLeast, note = "", runs = [] } = row;
        const spread = runs.length > 1 ? ` (${figure(Math.min(...runs))} – ${figure(Math.max(...runs))})` : "";
        const wanted = goal === undefined ? "" : `${atLeast ? "≥" : "≤"} ${goal}`;
        const met = goal === undefined ? "" : meets(row) ? "yes" : "**no**";
        return [group, name, `${figure(value)}${spread}`, unit, wanted, met, note];
      }),
  );
  const head = ["where", "what", "median (least – most)", "unit", "goal", "met", "of what"];
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
