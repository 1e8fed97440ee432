import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WorkerLane } from "../../../src/job/fleet.js";
import { Member } from "../../../src/job/member.js";
import { fail, ok } from "../../../src/lib/result.js";
import { NO_SHARE } from "../../../src/plan/offload/index.js";
import type { Session } from "../../../src/workers/transport.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nothing = (): Promise<never> => Promise.reject(new Error("nothing is done here"));
const session: Session = {
  ...{ folder: "/", put: nothing, get: nothing, remove: nothing, run: nothing, close: () => Promise.resolve() },
};
const lane: WorkerLane = {
  ...{ name: "w", sessions: [session], sharesHostFiles: false, ffmpeg: "ffmpeg", detail: "" },
  places: [{ before: [], cores: undefined }],
  ...{ share: NO_SHARE, results: undefined, unshared: [] },
};
const OFF = { reason: "nothing answers", lasting: false };

/** A worker whose attempts to connect go as `plan` says, one by one; the last for all that follow. */
function meet(...plan: (typeof OFF | undefined)[]): {
  member: Member;
  log: string[];
  stop: () => void;
  tries: number[];
} {
  const log: string[] = [];
  const tries: number[] = [];
  const job = new AbortController();
  const began = Date.now();
  const member = new Member({
    connect: () => {
      tries.push(Math.round((Date.now() - began) / 1000));
      const why = plan[Math.min(tries.length, plan.length) - 1];
      return Promise.resolve(why ? fail(why) : ok(lane));
    },
    signal: job.signal,
    onUp: (_, missed) => log.push(`up ${missed ?? ""}`.trim()),
    onAway: ({ reason }) => log.push(`away: ${reason}`),
    onOut: ({ reason }) => log.push(`out: ${reason}`),
  });
  return { member, log, stop: () => job.abort(), tries };
}

const pass = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000);

test("one that is off is told of once, tried with growing pauses of a minute at most, and used when it comes", async () => {
  const { member, log, tries, stop } = meet(...Array.from({ length: 9 }, () => OFF), undefined);
  await pass(600);
  await member.answered;
  expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  expect(log).toEqual(["away: nothing answers", "up late"]);
  stop();
  await member.ended;
});

test("what another attempt would meet as well is not tried again", async () => {
  const { member, log, tries } = meet({ reason: "no such encoder", lasting: true });
  await member.ended;
  expect([log, tries, member.mayWork]).toEqual([["out: no such encoder"], [0], false]);
});

test("one that is lost comes back; its pauses grow while no chunk comes off on it", async () => {
  const { member, log, tries, stop } = meet(undefined);
  await pass(0);
  member.lost("cut");
  await pass(10);
  member.done();
  member.lost("cut");
  await pass(10);
  member.lost("cut");
  await pass(10);
  expect(tries).toEqual([0, 1, 11, 22]);
  expect(log).toEqual(["up", "away: cut", "up lost", "away: cut", "up lost", "away: cut", "up lost"]);
  stop();
  await member.ended;
});

test("three failures in a row, losses among them, and it is set aside, told once and tried no more", async () => {
  const { member, log, tries } = meet(undefined);
  await pass(0);
  member.failed("bad");
  member.failed("bad");
  member.done();
  member.failed("bad");
  member.lost("cut");
  await pass(5);
  member.failed("worse");
  member.failed("worse");
  member.lost("cut");
  await member.ended;
  expect(tries).toEqual([0, 1]);
  expect(log).toEqual(["up", "away: cut", "up lost", "out: set aside for this job after 3 failures in a row: worse"]);
  expect(member.mayWork).toBe(false);
});

test("the end of the job ends a pause", async () => {
  const { member, stop } = meet(OFF);
  await pass(20);
  stop();
  await member.ended;
});
