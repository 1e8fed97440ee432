#!/usr/bin/env node
// How fast files go to a worker and back over distffmpeg's own SFTP, held against scp on the same line: loopback, and
// with a round trip of 20 ms. `node scripts/bench/transfer.mjs` prints a table; other benches take `transfer()`.
// Needs a build (dist/), sshd and scp.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SshTransport } from "../../dist/workers/ssh.js";
import { startLab } from "../../test/lab/lab.mjs";
import { median } from "./measure.mjs";
import { table } from "./table.mjs";

const MB = 1e6;
const GOAL = 0.9;

/**
 * Measures all four ways. Rates are of the file alone: what scp takes for a file of one byte, its connection, is taken off.
 * @param {{ readonly megabytes?: number, readonly runs?: number, readonly roundTrips?: readonly number[] }} [options]
 * @returns {Promise<import("./measure.mjs").Row[]>}
 */
export async function transfer({ megabytes = 200, runs = 3, roundTrips = [0, 20] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "distffmpeg-bench-"));
  const lab = await startLab({ workers: 1 });
  try {
    const source = join(folder, "source");
    const hash = makeFile(source, megabytes * MB);
    writeFileSync(join(folder, "byte"), "x");
    const rows = [];
    for (const roundTrip of roundTrips)
      rows.push(...(await overLine(lab, folder, { roundTrip, runs, bytes: megabytes * MB, hash })));
    return rows;
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function overLine(lab, folder, { roundTrip, runs, bytes, hash }) {
  const [worker] = lab.workers;
  const proxy = roundTrip > 0 ? await startProxy(worker.port, roundTrip) : undefined;
  const port = proxy?.port ?? worker.port;
  if (proxy) makeKnown(lab, worker.port, port);
  const config = { numa: "none", nice: 0, shared_paths: [], connect_timeout: undefined, ...worker.config, port };
  const opened = await new SshTransport(config, { env: { ...process.env, ...lab.env } }).openSession();
  if (!opened.ok) throw new Error(opened.failure.what);
  const session = opened.value;
  try {
    const source = join(folder, "source");
    const back = join(folder, "back");
    const scp = scpWith(lab, worker, port);
    const there = join(worker.folder, "scp-file");
    // The first transfer of a connection warms up both ends.
    await timed(() => session.put(join(folder, "byte"), "byte"));
    const times = { put: [], get: [], scpPut: [], scpGet: [] };
    for (let run = 0; run < runs; run++) {
      times.put.push(await timed(() => session.put(source, "file")));
      times.scpPut.push((await scp(source, `HOST:${there}`)) - (await scp(join(folder, "byte"), `HOST:${there}-byte`)));
      times.get.push(await timed(() => session.get("file", back)));
      if (run === 0 && sha(back) !== hash) throw new Error("what came back is not what was sent");
      times.scpGet.push((await scp(`HOST:${there}`, back)) - (await scp(`HOST:${there}-byte`, `${back}-byte`)));
      // A chunk is a new file each time; to put one in the place of 200 MB takes the file system up to 0.2 s.
      await timed(() => session.remove("file"));
      for (const path of [back, there]) rmSync(path, { force: true });
    }
    const line = roundTrip === 0 ? "loopback" : `${roundTrip} ms round trip`;
    return [
      row(`upload, ${line}`, times.put, times.scpPut, bytes),
      row(`download, ${line}`, times.get, times.scpGet, bytes),
    ];
  } finally {
    await session.close();
    proxy?.close();
  }
}

/** @returns {import("./measure.mjs").Row} */
function row(name, own, scp, bytes) {
  const ratios = own.map((seconds, i) => scp[i] / seconds);
  const rate = (seconds) => `${Math.round(bytes / median(seconds) / MB)} MB/s`;
  return {
    ...{ group: "SFTP", name, value: median(ratios), runs: ratios },
    ...{ unit: "of scp's rate", goal: GOAL, atLeast: true },
    note: `${rate(own)}, scp ${rate(scp)}`,
  };
}

/** Runs scp between this machine and the worker (`HOST:` stands for it); gives seconds. */
function scpWith(lab, { config }, port) {
  const options = ["-F", "/dev/null", "-q", "-P", `${port}`, "-i", lab.identity];
  for (const option of ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes"]) {
    options.push("-o", option);
  }
  return async (...paths) => {
    const began = performance.now();
    const full = paths.map((path) => path.replace(/^HOST:/, `${config.user}@${config.host}:`));
    const child = spawn("scp", [...options, ...full], { stdio: ["ignore", "ignore", "inherit"] });
    const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (status !== 0) throw new Error(`scp ended with status ${status}`);
    return (performance.now() - began) / 1000;
  };
}

/** The proxy as a process of its own: in this one it would share a processor with the transfer that is measured. */
async function startProxy(port, roundTrip) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("delay-proxy.mjs", import.meta.url)), `${port}`, `${roundTrip}`],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const said = await new Promise((resolve) => child.stdout.once("data", (data) => resolve(Number(data))));
  return { port: said, close: () => void child.kill() };
}

async function timed(work) {
  const began = performance.now();
  const done = await work();
  if (!done.ok) throw new Error(`${done.failure.what} ${done.failure.detail ?? ""}`);
  return (performance.now() - began) / 1000;
}

/** The worker's host key under another port. */
function makeKnown(lab, port, other) {
  const own = readFileSync(lab.knownHosts, "utf8")
    .split("\n")
    .find((line) => line.startsWith(`[127.0.0.1]:${port} `));
  appendFileSync(lab.knownHosts, `${(own ?? "").replace(`:${port} `, `:${other} `)}\n`);
}

/** A file of bytes that nothing can make smaller; gives its hash. */
function makeFile(path, bytes) {
  const block = randomBytes(MB);
  const file = openSync(path, "w");
  for (let written = 0; written < bytes; written += block.length)
    writeSync(file, block, 0, Math.min(block.length, bytes - written));
  closeSync(file);
  return sha(path);
}

const sha = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [megabytes = 200, runs = 3] = process.argv.slice(2).map(Number);
  console.log(table(await transfer({ megabytes, runs })));
}
