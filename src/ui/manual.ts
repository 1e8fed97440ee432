import { pad, width } from "./text.js";

/*
 * Texts that explain, in the form that both a terminal and the man page are made from. `code` in backticks is shown bold
 * where that is possible, and bare elsewhere.
 */

/** A paragraph; commands to copy, each with what it does; or words with what they mean. */
export type Block =
  | string
  | { readonly commands: readonly string[] }
  | { readonly terms: readonly (readonly [word: string, says: string])[] };

/** A part of the manual. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** Wider lines are hard to read. */
const WIDEST = 100;
const NARROWEST = 40;
const INDENT = 2;

/** Sections for a terminal of so many columns, with their titles; ends in a newline. */
export function renderSections(sections: readonly Section[], columns: number): string {
  const texts = sections.map(({ title, blocks }) => `${title}\n\n${renderBlocks(blocks, columns)}`);
  return texts.join("\n");
}

/** Blocks for a terminal of so many columns, an empty line between two; ends in a newline. */
export function renderBlocks(blocks: readonly Block[], columns: number): string {
  const wide = Math.min(WIDEST, Math.max(NARROWEST, columns));
  return `${blocks.map((block) => linesOf(block, wide).join("\n")).join("\n\n")}\n`;
}

function linesOf(block: Block, wide: number): string[] {
  if (typeof block === "string") return wrap(bare(block), wide);
  if ("commands" in block) return block.commands.map((command) => `${" ".repeat(INDENT)}${command}`);
  const longest = Math.max(...block.terms.map(([word]) => width(word)));
  const column = Math.min(longest, 30) + 2 * INDENT;
  return block.terms.flatMap(([word, says]) => {
    const [first = "", ...more] = wrap(bare(says), Math.max(20, wide - column));
    const head = `${" ".repeat(INDENT)}${word}`;
    const below = [...more].map((line) => `${" ".repeat(column)}${line}`);
    // A word that is longer than the column stands on a line of its own.
    return width(head) + INDENT > column
      ? [head, `${" ".repeat(column)}${first}`, ...below]
      : [`${pad(head, column)}${first}`.trimEnd(), ...below];
  });
}

function bare(text: string): string {
  return text.replaceAll("`", "");
}

/** Breaks at blanks; a word that is longer than a line is left whole, so that it can be copied. */
function wrap(text: string, wide: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || width(last) + 1 + width(word) > wide) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** A man page in roff (man(7)): `name` with its line of description, then the sections under titles in capitals. */
export function renderMan(name: string, version: string, about: string, sections: readonly Section[]): string {
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}" "User Commands"`,
    ".SH NAME",
    `${roff(name)} \\- ${roff(about)}`,
  ];
  for (const { title, blocks } of sections) {
    lines.push(`.SH ${roff(title.toUpperCase())}`);
    for (const block of blocks) lines.push(...roffOf(block));
  }
  return `${lines.join("\n")}\n`;
}

function roffOf(block: Block): string[] {
  if (typeof block === "string") return [".PP", roff(block)];
  if ("commands" in block)
    return [".PP", ".RS 4", ".nf", ...block.commands.map((command) => roff(command)), ".fi", ".RE"];
  return block.terms.flatMap(([word, says]) => [".TP", `\\fB${roff(word)}\\fR`, roff(says)]);
}

/** What roff takes for its own is escaped: backslashes, hyphens that would become dashes, a dot or a quote in front; beyond ASCII by number. */
function roff(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/`([^`]*)`/g, "\\fB$1\\fR")
    .replace(/[^\0-\x7f]/gu, (sign) => `\\[u${sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
