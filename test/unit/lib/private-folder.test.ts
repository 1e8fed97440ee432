import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { foreignPart, makePrivateFolder } from "../../../src/lib/private-folder.js";

const base = realpathSync(mkdtempSync(join(tmpdir(), "distffmpeg-private-")));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const ROOT = { uid: 0, mode: 0o755 };
const TMP = { uid: 0, mode: 0o1777 };
const mine = (mode = 0o755) => ({ uid: 1000, mode });
const theirs = (mode = 0o755) => ({ uid: 1001, mode });
const among = (owners: Record<string, { uid: number; mode: number }>) => (path: string) =>
  Promise.resolve(owners[path] ?? ROOT);

test("a part that another user has put into a folder like /tmp is foreign", async () => {
  const look = among({ "/tmp": TMP, "/tmp/df": theirs(), "/tmp/df/a": mine() });
  expect(await foreignPart("/tmp/df", 1000, look)).toBe("/tmp/df");
  expect(await foreignPart("/tmp/df/a", 1000, look)).toBe("/tmp/df");
  // Its owner may well use it.
  expect(await foreignPart("/tmp/df", 1001, look)).toBeUndefined();
});

test("what is one's own or root's, and folders in which not everybody may write, are not", async () => {
  expect(await foreignPart("/tmp/df", 1000, among({ "/tmp": TMP, "/tmp/df": mine() }))).toBeUndefined();
  expect(await foreignPart("/tmp/df", 1000, among({ "/tmp": TMP }))).toBeUndefined();
  expect(await foreignPart("/tmp", 1000, among({ "/tmp": TMP }))).toBeUndefined();
  expect(await foreignPart("/mnt/nas/df", 1000, among({ "/mnt/nas": theirs(0o777) }))).toBeUndefined();
  expect(await foreignPart("/", 1000, among({}))).toBeUndefined();
});

test("a private folder is its owner's alone, of a new name, in a folder that is made", async () => {
  const parent = join(base, "a", "b");
  const [one, two] = [await makePrivateFolder(parent, "job-"), await makePrivateFolder(parent, "job-")];
  expect(basename(one)).toMatch(/^job-[0-9a-f]{24}$/);
  expect(one).not.toBe(two);
  expect(statSync(one).mode & 0o777).toBe(0o700);
  expect(statSync(parent).mode & 0o777).toBe(0o700);
});

test("a link is followed once, and the folder named by where it leads", async () => {
  mkdirSync(join(base, "real"));
  symlinkSync(join(base, "real"), join(base, "link"));
  expect(dirname(await makePrivateFolder(join(base, "link"), "job-"))).toBe(join(base, "real"));
});

// Only root can give a folder to somebody else.
test.skipIf(process.getuid?.() !== 0)("it is not made where another user waits for it", async () => {
  const shared = join(base, "shared");
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  mkdirSync(join(shared, "distffmpeg"), { mode: 0o777 });
  chownSync(join(shared, "distffmpeg"), 65534, 65534);
  await expect(makePrivateFolder(join(shared, "distffmpeg"), "job-")).rejects.toThrow("belongs to another user");
  symlinkSync(join(shared, "distffmpeg"), join(shared, "elsewhere"));
  await expect(makePrivateFolder(join(shared, "elsewhere"), "job-")).rejects.toThrow("belongs to another user");
});
