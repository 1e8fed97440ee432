import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalTransport } from "../../../src/workers/local.js";
import { probeWorker } from "../../../src/workers/probe.js";
import type { Session } from "../../../src/workers/transport.js";

const base = mkdtempSync(join(tmpdir(), "local-test-"));
let session: Session;

beforeAll(async () => {
  const opened = await new LocalTransport(join(base, "deep", "work")).openSession();
  if (!opened.ok) throw new Error(opened.failure.what);
  session = opened.value;
});
afterAll(async () => {
  await session.close();
  await session.close();
  expect(existsSync(session.folder)).toBe(false);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe("this machine as a worker", () => {
  test("the folder is private", () => {
    expect(statSync(session.folder).mode & 0o777).toBe(0o700);
  });

  test("put copies nothing and remove keeps the host's file", async () => {
    const film = join(base, "film");
    writeFileSync(film, "film");
    expect(await session.put(film, "a.nut")).toEqual({ ok: true, value: film });
    expect(await session.remove("a.nut")).toEqual({ ok: true, value: undefined });
    expect(readFileSync(film, "utf8")).toBe("film");
    expect(await session.put(join(base, "none"), "b")).toMatchObject({ ok: false, failure: { kind: "transfer" } });
  });

  test("get brings a file out, twice too", async () => {
    await session.run(["sh", "-c", "printf encoded > out.nut"]);
    const to = join(base, "out.nut");
    expect(await session.get("out.nut", to)).toEqual({ ok: true, value: 7 });
    expect(await session.get("out.nut", to)).toEqual({ ok: true, value: 7 });
    expect(readFileSync(to, "utf8")).toBe("encoded");
    expect(existsSync(`${to}.part`)).toBe(false);
    expect(await session.get("missing", to)).toMatchObject({ failure: { kind: "transfer" } });
  });

  test("run tells status, signal, tail and lines", async () => {
    const lines: string[] = [];
    const end = await session.run(
      ["sh", "-c", 'printf "%s|" "$@"; pwd; echo one >&2; exit 3', "sh", "a b", "", "$(x)"],
      { onStderrLine: (line) => lines.push(line) },
    );
    expect(end).toMatchObject({
      ok: true,
      value: { code: 3, signal: undefined, stderrTail: ["one"], stdout: `a b||$(x)|${session.folder}\n` },
    });
    expect(lines).toEqual(["one"]);
    expect(await session.run(["sh", "-c", "kill -KILL $$"])).toMatchObject({
      value: { code: undefined, signal: "SIGKILL" },
    });
    expect(await session.run(["no-such-program"])).toMatchObject({ value: { code: 127 } });
  });

  test("abort ends the program, by force where needed", { timeout: 20_000 }, async () => {
    const stubborn = new AbortController();
    const began = Date.now();
    const run = session.run(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], {
      signal: stubborn.signal,
      onStdoutLine: () => stubborn.abort(),
    });
    expect(await run).toMatchObject({ ok: false, failure: { kind: "cancelled" } });
    expect(Date.now() - began).toBeGreaterThan(4000);
    expect(await session.run(["true"], { signal: AbortSignal.abort() })).toMatchObject({
      failure: { kind: "cancelled" },
    });
  });

  test("is probed as any worker is", async () => {
    const facts = await probeWorker(session, "ffmpeg");
    expect(facts).toMatchObject({ ok: true });
    expect(await probeWorker(session, "/no/ffmpeg")).toMatchObject({ failure: { kind: "no-ffmpeg" } });
  });

  test("names with a path in them are bugs", async () => {
    await expect(session.put("/x", "../y")).rejects.toThrow(RangeError);
  });
});

test("a work path that cannot be made is a failure with words", async () => {
  const file = join(base, "file");
  writeFileSync(file, "");
  expect(await new LocalTransport(join(file, "work")).openSession()).toMatchObject({
    ok: false,
    failure: { kind: "connection" },
  });
});
