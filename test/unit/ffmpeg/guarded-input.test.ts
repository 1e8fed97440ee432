import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filmInput, nutInput, nutPipe } from "../../../src/ffmpeg/guarded-input.js";
import { runLocal } from "../../../src/ffmpeg/run.js";

/** Files that say they are a film and are a list of others: each is followed without the guard, and with it is not. */

const folder = mkdtempSync(join(tmpdir(), "distffmpeg-guard-"));
const path = (name: string): string => join(folder, name);
const asked: string[] = [];
const server: Server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.writeHead(404).end();
});

/** By the file's name: its text, and whether it leads to the network. */
const crafted: Record<string, { text: string; network: boolean }> = {};

beforeAll(async () => {
  const film = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "mpeg2video"];
  execFileSync("ffmpeg", [...film, path("secret.ts")]);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const list = (uri: string): string => `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${uri}\n#EXT-X-ENDLIST\n`;
  const manifest =
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" ' +
    'type="static" mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4"><Representation ' +
    `id="0" bandwidth="1"><BaseURL>http://127.0.0.1:${port}/dash.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`;
  crafted["playlist.m3u8"] = { text: list(`file:${path("secret.ts")}`), network: false };
  crafted["concat.nut"] = { text: "ffconcat version 1.0\nfile secret.ts\n", network: false };
  crafted["address.m3u8"] = { text: list(`http://127.0.0.1:${port}/hls.ts`), network: true };
  crafted["manifest.mp4"] = { text: manifest, network: true };
  for (const [name, { text }] of Object.entries(crafted)) writeFileSync(path(name), text);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Whether ffmpeg, given this input, reads a film from elsewhere or asks the network. */
async function isLed(input: readonly string[], file?: string): Promise<boolean> {
  asked.length = 0;
  const stdin = file === undefined ? [] : ["sh", "-c", 'exec "$@" <"$0"', path(file)];
  const [bin = "", ...rest] = [
    ...stdin,
    "ffmpeg",
    "-v",
    "error",
    "-nostdin",
    ...input,
    "-c",
    "copy",
    "-f",
    "null",
    "-",
  ];
  const { code } = await runLocal(bin, rest);
  return code === 0 || asked.length > 0;
}

describe.each(["playlist.m3u8", "concat.nut", "address.m3u8", "manifest.mp4"])("%s", (name) => {
  test("leads ffmpeg elsewhere where nothing holds it", async () => {
    const wide = crafted[name]?.network ? ["-protocol_whitelist", "file,http,tcp"] : [];
    expect(await isLed([...wide, "-i", `file:${path(name)}`])).toBe(true);
  });

  test("is no chunk, on a worker or here", async () => {
    expect(await isLed(nutInput(`file:${path(name)}`))).toBe(false);
  });

  test("is no joined film, as a file or as bytes", async () => {
    expect(await isLed(filmInput(path(name)))).toBe(false);
    expect(await isLed(filmInput(undefined), name)).toBe(false);
    expect(await isLed(nutPipe(0), name)).toBe(false);
  });
});

test("a film that is one is read, by every way", async () => {
  execFileSync("ffmpeg", ["-v", "error", "-i", path("secret.ts"), "-c", "copy", path("film.nut")]);
  expect(await isLed(nutInput(`file:${path("film.nut")}`))).toBe(true);
  expect(await isLed(nutPipe(0), "film.nut")).toBe(true);
  expect(await isLed(filmInput(path("secret.ts")))).toBe(true);
  expect(await isLed(filmInput(undefined), "secret.ts")).toBe(true);
});

test("ffprobe is held by it too", async () => {
  const probe = (input: readonly string[]) => runLocal("ffprobe", ["-v", "error", "-show_format", ...input]);
  expect((await probe(["-i", `file:${path("concat.nut")}`])).code).toBe(0);
  expect((await probe(filmInput(path("concat.nut")))).code).not.toBe(0);
  expect((await probe(nutInput(`file:${path("concat.nut")}`))).code).not.toBe(0);
});
