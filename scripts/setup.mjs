#!/usr/bin/env node
// Makes this folder ready to run: npm packages, build, ffmpeg; with --test also what the tests' own workers need.
// Node's builtins only, because it runs first of all. Does nothing (and says nothing) when all is there.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, run, which } from "./proc.mjs";

/** Something is missing that only the user can mend; the message says what to type. */
export class SetupProblem extends Error {
  constructor(step, message) {
    super(message);
    this.step = step;
  }
}

const TEST_TOOLS = [
  { program: "sshd", debian: "openssh-server" },
  { program: "ssh", debian: "openssh-client" },
  { program: "numactl", debian: "numactl" },
  { program: "busybox", debian: "busybox" },
  { program: "dash", debian: "dash" },
  { program: "tmux", debian: "tmux" },
];

/** What reports and completion are tried in; apart, so that a system without one of them has the others' tests all the same. */
const VIEWERS = [
  { program: "chromium", debian: "chromium" },
  { program: "zsh", debian: "zsh" },
  { program: "fish", debian: "fish" },
];

/** All steps in order; throws a SetupProblem at the first that fails. The build comes last, so that only it can be left. */
export function setup({ test = false } = {}) {
  checkNode();
  installPackages();
  ensureTools([
    { program: "ffmpeg", debian: "ffmpeg" },
    { program: "ffprobe", debian: "ffmpeg" },
  ]);
  for (const tools of test ? [TEST_TOOLS, VIEWERS] : []) {
    try {
      ensureTools(tools);
    } catch (error) {
      // On a system without them the tests that need them are skipped, and counted as such.
      if (!(error instanceof SetupProblem)) throw error;
      console.error(`${error.message}\nGoing on without: the tests that need them are skipped.`);
    }
  }
  build();
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetupProblem("node", `Node.js 20.19 or newer is needed; this is ${process.versions.node}.`);
}

function installPackages() {
  if (packagesAreCurrent()) return;
  console.error("setup: installing npm packages");
  if (run("npm", ["ci", "--no-audit", "--no-fund"], { stdio: ["ignore", 2, 2] }) !== 0) {
    throw new SetupProblem("npm", `The npm packages could not be installed. Type: cd ${root} && npm ci`);
  }
}

/** npm writes what it installed beside the packages. Dates alone prove nothing: a checkout makes every file new. */
function packagesAreCurrent() {
  const wanted = join(root, "package-lock.json");
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return true;
  const there = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(JSON.parse(readFileSync(wanted, "utf8")).packages).every(([path, { version, optional }]) => {
    if (path === "") return true;
    return there[path] === undefined ? optional === true : there[path].version === version;
  });
}

function ensureTools(tools) {
  const absent = () => tools.filter(({ program }) => which(program) === undefined);
  const missing = absent();
  if (missing.length === 0) return;
  const names = missing.map(({ program }) => program).join(", ");
  const packages = [...new Set(missing.map(({ debian }) => debian))];
  if (which("apt-get") === undefined) {
    const manager = ["brew", "dnf", "pacman", "zypper", "apk"].find((name) => which(name) !== undefined);
    const verb = { pacman: "-S", apk: "add" }[manager] ?? "install";
    const type =
      manager === undefined
        ? ""
        : ` Type: ${manager === "brew" ? "" : "sudo "}${manager} ${verb} ${packages.join(" ")}`;
    throw new SetupProblem("tools", `Missing in PATH: ${names}.${type}`);
  }
  const prefix = aptPrefix();
  if (prefix !== undefined) {
    console.error(`setup: installing ${packages.join(" ")} with apt-get`);
    const apt = (args) => {
      const [program, ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", ...args];
      return run(program, rest, { stdio: ["ignore", 2, 2] });
    };
    const install = () => apt(["install", "-y", "--no-install-recommends", ...packages]);
    // The lists of a fresh system are empty or old: they are fetched only when the first try shows that.
    if (install() !== 0 && apt(["update"]) === 0) install();
    if (absent().length === 0) return;
  }
  const type = `sudo apt-get update && sudo apt-get install -y ${packages.join(" ")}`;
  throw new SetupProblem("tools", `Missing in PATH: ${names}. Type: ${type}`);
}

/** What to put before apt-get: nothing for root, sudo where it asks for no password, undefined where neither goes. */
function aptPrefix() {
  if (process.getuid?.() === 0) return [];
  const sudo = which("sudo");
  if (sudo === undefined) return undefined;
  return spawnSync(sudo, ["-n", "true"], { stdio: "ignore" }).status === 0 ? [sudo, "-n"] : undefined;
}

/** `setup`, for programs that are of no use without it: where it fails, its words and the end of the process. */
export function setupOrExit(options) {
  try {
    setup(options);
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function build() {
  const src = join(root, "src");
  const dist = join(root, "dist");
  // A stamp of our own, written after a build without errors: tsc writes its files even when it finds some.
  const stamp = join(dist, ".built");
  const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  const sources = readdirSync(src, { recursive: true });
  const inputs = [
    src,
    ...sources.map((name) => join(src, name)),
    join(root, "tsconfig.json"),
    join(root, "scripts", "bundle.mjs"),
    join(root, "package.json"),
  ];
  if (inputs.every((path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) <= built)) return;
  const started = new Date();
  console.error("setup: building");
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  if (run(process.execPath, [tsc, "-p", "tsconfig.json"], { stdio: ["ignore", 2, 2] }) !== 0) {
    throw new SetupProblem("build", `The build failed. Type: cd ${root} && npm run build`);
  }
  // What was built of a source that is gone must not be found by an import any more.
  const wanted = new Set(sources.map((name) => name.replace(/\.ts$/, ".js")));
  for (const name of readdirSync(dist, { recursive: true })) {
    if (name.endsWith(".js") && !wanted.has(name)) rmSync(join(dist, name));
  }
  if (run(process.execPath, [join(root, "scripts", "bundle.mjs")], { stdio: ["ignore", 2, 2] }) !== 0) {
    throw new SetupProblem("build", `The build failed. Type: cd ${root} && npm run build`);
  }
  writeFileSync(stamp, "");
  // A source saved while the build ran is newer than the build.
  utimesSync(stamp, started, started);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    setup({ test: process.argv.includes("--test") });
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
