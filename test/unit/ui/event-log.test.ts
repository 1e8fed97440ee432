import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { maskText, maskWords } from "../../../src/lib/masked.js";
import type { Problem } from "../../../src/lib/result.js";
import { EventLog, logLine, WAITING_LIMIT } from "../../../src/ui/event-log.js";

const folder = mkdtempSync(join(tmpdir(), "log-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The union's members as the source has them: type, and fields with a mark for those that may be missing. */
function declared(file: string, union: string): Map<string, string> {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const alias = source.statements.filter(ts.isTypeAliasDeclaration).find(({ name }) => name.text === union);
  if (!alias || !ts.isUnionTypeNode(alias.type)) throw new Error(`${file} has no union ${union}`);
  return new Map(
    alias.type.types.filter(ts.isTypeLiteralNode).map((member) => {
      const fields = member.members.filter(ts.isPropertySignature);
      const type = fields.find((field) => field.name.getText() === "type")?.type?.getText() ?? "";
      const others = fields.filter((field) => field.name.getText() !== "type");
      const named = others.map((field) => `\`${field.name.getText()}\`${field.questionToken ? "?" : ""}`);
      return [type.replaceAll('"', ""), named.join(", ")];
    }),
  );
}

it("docs/log.md tells of every event with its fields, and of nothing else", () => {
  const rows = readFileSync("docs/log.md", "utf8").matchAll(/^\| `([a-z-]+)` \|(.*?)\|/gm);
  const told = new Map([...rows].map(([, type = "", fields = ""]) => [type, fields.trim()]));
  expect(told).toEqual(
    new Map([...declared("src/job/events.ts", "JobEvent"), ...declared("src/ui/event-log.ts", "LogLine")]),
  );
});

describe("EventLog", () => {
  it("writes a line for each event, with the time since its start", async () => {
    const file = join(folder, "log.ndjson");
    let now = 5000;
    const problems: Problem[] = [];
    const log = new EventLog(
      file,
      () => now,
      (problem) => problems.push(problem),
    );
    now = 6234.5678;
    log.listen({ type: "worker-up", worker: 'é\n"', slots: 2, detail: "" });
    log.listen({ type: "verifying" });
    await log.close();
    await log.close();
    const lines = readFileSync(file, "utf8").split("\n");
    expect(lines.pop()).toBe("");
    const [first, ...rest] = lines.map((line) => JSON.parse(line) as unknown);
    expect(first).toMatchObject({ at: 0, type: "log", version: 1 });
    expect(rest).toEqual([
      { at: 1.235, type: "worker-up", worker: 'é\n"', slots: 2, detail: "" },
      { at: 1.235, type: "verifying" },
    ]);
    expect(problems).toEqual([]);
  });

  it("says once that it cannot be written", async () => {
    const problems: Problem[] = [];
    const log = new EventLog(
      join(folder, "missing", "log"),
      () => 0,
      (problem) => problems.push(problem),
    );
    for (let i = 0; i < 10; i += 1) log.listen({ type: "verifying" });
    await log.close();
    log.listen({ type: "verifying" });
    await log.close();
    expect(problems).toEqual([expect.objectContaining({ what: expect.stringContaining("missing/log") as string })]);
  });

  it("leaves out what would fill the memory, and says how much", async () => {
    const file = join(folder, "full.ndjson");
    const log = new EventLog(
      file,
      () => 0,
      () => undefined,
    );
    const text = "x".repeat(WAITING_LIMIT / 4);
    for (let i = 0; i < 12; i += 1) log.listen({ type: "progress-text", text });
    await log.close();
    const lines = readFileSync(file, "utf8").trim().split("\n");
    const types = lines.map((line) => JSON.parse(line) as { type: string; events?: number });
    const kept = types.filter(({ type }) => type === "progress-text").length;
    expect(kept).toBeLessThan(8);
    expect(types.at(-1)).toMatchObject({ type: "left-out", events: 12 - kept });
  });
});

describe("what is secret", () => {
  it("is not written", () => {
    const argv = ["ffmpeg", "-decryption_key", "00ff", "-i", "https://me:pa55@h/a?b=1&token=t0p", "-g", "48"];
    const line = logLine({ type: "command", stage: "given", argv }, 0);
    expect(JSON.parse(line)).toMatchObject({
      argv: ["ffmpeg", "-decryption_key", "***", "-i", "https://me:***@h/a?b=1&token=***", "-g", "48"],
    });
    const failed = logLine({ type: "failed", what: "srt://h:1?mode=caller&passphrase=geheim: refused" }, 0);
    expect(failed).not.toContain("geheim");
  });

  it.each([
    ["rtmp://live.example/app/live_1_abc", "rtmp://live.example/app/***"],
    ["[f=hls:hls_enc=1:hls_enc_key=0123:x=1]a.m3u8", "[f=hls:hls_enc=1:hls_enc_key=***:x=1]a.m3u8"],
    ["http://h/a?key=abc&keyint=3", "http://h/a?key=***&keyint=3"],
    ["ftp://u:a@b@h/f", "ftp://u:***@h/f"],
  ])("%s", (text, masked) => expect(maskText(text)).toBe(masked));

  it("leaves other words alone", () => {
    const words = ["-force_key_frames", "expr:gte(t,n_forced*2)", "-x264-params", "keyint=48:min-keyint=2", "a@b.mkv"];
    expect(maskWords(words)).toEqual(words);
    expect(maskWords(["-headers", "Authorization: Bearer x", "-i", "a"])).toEqual(["-headers", "***", "-i", "a"]);
  });
});
