import ssh2, { type Client } from "ssh2";
import { expect, test } from "vitest";
import { Link } from "../../../src/workers/link.js";
import { POSIX } from "../../../src/workers/posix.js";
import { runRemote } from "../../../src/workers/remote-run.js";
import { SftpChannels } from "../../../src/workers/sftp.js";

/** A link whose other side takes every question and answers none; lost after a fifth of a second of that. */
function deaf(): Link {
  const client: Client = new ssh2.Client();
  client.exec = () => client;
  client.sftp = () => client;
  return new Link(client, "w", 200);
}

const started = POSIX.launch("/", ["true"]);
if (!started.ok) throw new Error(started.failure);
const TRUE = started.value;

test("a program that is never started costs the connection, and all else on it fails with it", async () => {
  const link = deaf();
  const [first, second] = await Promise.all([runRemote(link, TRUE, {}), runRemote(link, TRUE, {})]);
  const lost = { kind: "connection", what: "w: no program is started: nothing has moved for 0.2 s" };
  expect(first).toEqual({ ok: false, failure: lost });
  expect(second).toEqual(first);
  expect(link.lost).toEqual(lost);
  expect(await runRemote(link, TRUE, {})).toEqual(first);
});

test("so does a channel for files that is never opened", async () => {
  const link = deaf();
  const channels = new SftpChannels(link);
  expect(await channels.use("cannot copy a", () => Promise.resolve(1))).toEqual({
    ok: false,
    failure: { kind: "connection", what: "w: cannot copy a: nothing has moved for 0.2 s" },
  });
});

test("a link is given up once, for the first reason", () => {
  const link = deaf();
  const seen: string[] = [];
  link.onLost(({ what }) => seen.push(what));
  link.giveUp("one");
  link.giveUp("two");
  link.onLost(({ what }) => seen.push(what));
  expect(seen).toEqual(["w: one", "w: one"]);
});
