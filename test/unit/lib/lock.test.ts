import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lockHolder, takeLock } from "../../../src/lib/lock.js";
import { isAlive, parseOwner, printOwner, thisProcess } from "../../../src/lib/owner.js";

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, owner: object): string => {
  const path = join(folder, name);
  writeFileSync(path, `${printOwner({ ...thisProcess(), ...owner })} 2026-01-02T03:04:05.000Z\n`);
  return path;
};

test("a process is told from another one with its number", () => {
  expect(isAlive(thisProcess())).toBe(true);
  expect(isAlive({ ...thisProcess(), start: "earlier" })).toBe(false);
  expect(isAlive({ ...thisProcess(), host: "0123456789abcdef" })).toBeUndefined();
  expect(parseOwner(printOwner(thisProcess()))).toEqual(thisProcess());
  expect(parseOwner("something else")).toBeUndefined();
});

test("a lock is one's until it is given up, and then another's", async () => {
  const path = join(folder, "lock");
  const taken = await takeLock(path);
  if (!taken.ok) throw new Error("nobody has it");
  const second = await takeLock(path);
  expect(second).toMatchObject({ ok: false, failure: { owner: thisProcess() } });
  await taken.value.release();
  await taken.value.release();
  expect(await lockHolder(path)).toBeUndefined();
  const again = await takeLock(path);
  expect(again.ok).toBe(true);
  if (again.ok) await again.value.release();
});

test("of several who take over what a dead process has left, one gets it", async () => {
  const path = write("dead", { start: "earlier" });
  expect(await lockHolder(path)).toBeUndefined();
  const all = await Promise.all([takeLock(path), takeLock(path), takeLock(path)]);
  expect(all.filter(({ ok }) => ok)).toHaveLength(1);
  for (const lock of all) if (lock.ok) await lock.value.release();
  expect(readdirSync(folder).filter((name) => name.startsWith("dead"))).toEqual([]);
});

test("one of another machine is left alone as long as it is touched", async () => {
  const path = write("far", { host: "0123456789abcdef" });
  expect(await lockHolder(path)).toMatchObject({ since: new Date("2026-01-02T03:04:05.000Z") });
  const long = new Date(Date.now() - 3_600_000);
  utimesSync(path, long, long);
  expect(await lockHolder(path)).toBeUndefined();
});
