#!/usr/bin/env node
/**
 * Unpacks Debian trixie's ffmpeg 7.1 with all its libraries into a folder of its own, so that everything can be tried
 * with it beside the installed one. Nothing is installed: the system's package database and libraries stay untouched.
 *
 *   node scripts/ffmpeg7.mjs [FOLDER]     (default: .tmp/ffmpeg7)   prints the folder with `ffmpeg` and `ffprobe`
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const SUITE = "trixie";
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = resolve(process.argv[2] ?? join(root, ".tmp", "ffmpeg7"));
const bin = join(folder, "bin");

if (!existsSync(join(bin, "ffmpeg"))) {
  try {
    unpack();
  } catch (error) {
    rmSync(bin, { recursive: true, force: true });
    console.error(`ffmpeg 7 could not be unpacked: ${error.stderr?.toString().trim() || error.message}`);
    console.error("Try: apt-get update, on a Debian or Ubuntu machine that reaches a Debian mirror");
    process.exit(1);
  }
}
console.log(bin);

function unpack() {
  const apt = join(folder, "apt");
  for (const part of ["lists/partial", "cache/archives/partial", "etc"])
    mkdirSync(join(apt, part), { recursive: true });
  // An empty package database: every library is fetched, none is taken from the system.
  writeFileSync(join(apt, "status"), "");
  writeFileSync(join(apt, "etc", "sources.list"), `deb [signed-by=${keyring()}] ${mirror()} ${SUITE} main\n`);
  const options = [
    ["Dir::Etc::sourcelist", join(apt, "etc", "sources.list")],
    ["Dir::Etc::sourceparts", "-"],
    ["Dir::State", apt],
    ["Dir::State::status", join(apt, "status")],
    ["Dir::Cache", join(apt, "cache")],
    ["APT::Sandbox::User", "root"],
  ].flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const run = (...args) => execFileSync("apt-get", [...options, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  run("update");
  run("install", "--no-install-recommends", "--download-only", "-y", "ffmpeg");
  const tree = join(folder, "root");
  const archives = join(apt, "cache", "archives");
  for (const file of readdirSync(archives).filter((name) => name.endsWith(".deb"))) {
    execFileSync("dpkg-deb", ["-x", join(archives, file), tree]);
  }
  rmSync(apt, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  for (const program of ["ffmpeg", "ffprobe"]) wrap(tree, program);
}

/** A program started by the unpacked loader with the unpacked libraries. */
function wrap(tree, program) {
  const triplet = readdirSync(join(tree, "usr", "lib")).find((name) => /-linux-gnu/.test(name));
  const lib = join(tree, "usr", "lib", triplet);
  const loader = readdirSync(lib).find((name) => /^ld-linux.*\.so/.test(name));
  const extra = ["pulseaudio", "blas", "lapack"].map((name) => join(lib, name)).filter((path) => existsSync(path));
  const path = join(bin, program);
  const libraries = [lib, ...extra].join(":");
  writeFileSync(
    path,
    `#!/bin/sh\nexec '${join(lib, loader)}' --library-path '${libraries}' '${join(tree, "usr", "bin", program)}' "$@"\n`,
  );
  chmodSync(path, 0o755);
  execFileSync(path, ["-version"], { stdio: ["ignore", "ignore", "pipe"] });
}

/** The mirror that this machine's apt uses. */
function mirror() {
  const places = ["/etc/apt/sources.list", ...list("/etc/apt/sources.list.d")];
  for (const place of places.filter((path) => existsSync(path))) {
    for (const line of readFileSync(place, "utf8").split("\n")) {
      const found = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(https?:\/\/\S+\/debian\/?)(?:\s|$)/.exec(line);
      if (found) return found[1];
    }
  }
  return "http://deb.debian.org/debian";
}

function keyring() {
  const path = "/usr/share/keyrings/debian-archive-keyring.gpg";
  if (!existsSync(path)) throw new Error(`${path} is missing (apt-get install debian-archive-keyring)`);
  return path;
}

function list(path) {
  return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
}
