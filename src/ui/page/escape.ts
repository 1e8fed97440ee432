import { stripControl } from "../text.js";

const NAMES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Any text as text of a page or as a quoted value of an attribute: names and messages may hold markup. */
export function escape(text: string): string {
  return stripControl(text).replace(/[&<>"']/g, (character) => NAMES[character] ?? "");
}
