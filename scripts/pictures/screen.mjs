// A terminal's screen, as `tmux capture-pane -e` gives it, as a picture in SVG.

const CELL = { width: 8.4, height: 18 };
const MARGIN = 12;
const PAPER = "#16181c";
const INK = "#d7dadf";
/** The eight colours of a terminal, and their bright ones. */
const COLOURS = ["#3a3f47", "#f06464", "#3cc48c", "#ecab4e", "#5b94f0", "#ab86ee", "#45c4d0", "#d7dadf"];
const BRIGHT = ["#7d848e", "#ff8a8a", "#63e0aa", "#ffc873", "#82b1ff", "#c5a6ff", "#6fdfe9", "#ffffff"];

/** Empty lines at the end are left away. */
export function screenAsSvg(screen, { columns }) {
  const lines = screen.replace(/\s+$/, "").split("\n");
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const body = lines.flatMap((line, row) => runs(line).map((run) => draw(run, row)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="${INK}">`,
    ...body.filter((text) => text !== ""),
    "</g></svg>\n",
  ].join("\n");
}

/** Text of one style each, with the column it begins at. */
function runs(line) {
  const found = [];
  let style = {};
  let column = 0;
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1];
    if (codes !== undefined) {
      style = styled(style, codes === "" ? [0] : codes.split(";").map(Number));
    } else if (part !== "") {
      const text = [...part];
      found.push({ text: part, column, columns: text.length, style });
      column += text.length;
    }
  }
  return found;
}

/** SGR codes that a terminal's sixteen colours need (ECMA-48, 8.3.117). */
function styled(style, codes) {
  let next = style;
  for (const code of codes) {
    if (code === 0) next = {};
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code === 39) next = { ...next, colour: undefined };
    else if (code >= 30 && code <= 37) next = { ...next, colour: COLOURS[code - 30] };
    else if (code >= 90 && code <= 97) next = { ...next, colour: BRIGHT[code - 90] };
  }
  return next;
}

function draw({ text, column, columns, style }, row) {
  if (text.trim() === "") return "";
  const x = (MARGIN + column * CELL.width).toFixed(1);
  const y = (MARGIN + (row + 0.75) * CELL.height).toFixed(1);
  const marks = [
    style.colour === undefined ? "" : ` fill="${style.colour}"`,
    style.bold ? ' font-weight="bold"' : "",
    style.dim ? ' opacity=".65"' : "",
  ].join("");
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const length = (columns * CELL.width).toFixed(1);
  return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve"${marks}>${safe}</text>`;
}
