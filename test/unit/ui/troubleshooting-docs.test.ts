import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** docs/troubleshooting.md quotes messages as they are in the program. */

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/troubleshooting.md", root), "utf8");
const source = readdirSync(new URL("src/", root), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(new URL(`src/${name}`, root), "utf8"))
  .join("\n")
  // What stands in a message and differs.
  .replace(/\$\{[^{}]*\}/g, "…");

const messages = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message]) => message ?? "");

describe("docs/troubleshooting.md", () => {
  test("has messages", () => expect(messages.length).toBeGreaterThan(30));

  test.each(messages)("%s", (message) => {
    const fixed = message.split("…").filter((part) => part.trim().length > 3);
    expect(fixed.filter((part) => !source.includes(part))).toEqual([]);
  });
});
