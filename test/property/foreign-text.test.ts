import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/config/json.js";
import { parseDuration } from "../../src/ffmpeg/duration.js";
import { parseExpression } from "../../src/ffmpeg/expression.js";
import { parseFiltergraph, printFiltergraph } from "../../src/ffmpeg/filtergraph.js";
import { parseFrameLog } from "../../src/ffmpeg/frame-log.js";
import { isSizeLine, readLogLine, readOutputLine } from "../../src/ffmpeg/log.js";
import { LogReader, parseLoglevel } from "../../src/ffmpeg/loglevel.js";
import { readProbe } from "../../src/ffmpeg/media.js";
import { beginsAnew } from "../../src/ffmpeg/nal.js";
import { FramecrcParser, frameTime } from "../../src/ffmpeg/packets.js";
import { parseCommand } from "../../src/ffmpeg/parse.js";
import { parsePassStats } from "../../src/ffmpeg/pass-stats.js";
import { parseStatLine, ProgressBlocks } from "../../src/ffmpeg/progress.js";
import { parsePairs, parseQuantity } from "../../src/ffmpeg/quantity.js";
import { commandsIn } from "../../src/ffmpeg/sequence.js";
import { faultIn } from "../../src/job/probing.js";
import { readPlaylist } from "../../src/job/segments.js";
import { Words } from "../../src/job/words.js";
import { LineSplitter } from "../../src/lib/lines.js";
import { parseRational } from "../../src/lib/rational.js";
import { children } from "../../src/join/ebml.js";
import { steadyText } from "../../src/plan/filters/drawtext.js";
import { identifiers } from "../../src/plan/filters/expressions.js";
import { forcedKeyframes } from "../../src/plan/keyframes.js";
import { type Files, planOffload } from "../../src/plan/offload/index.js";
import { shareOutputs } from "../../src/plan/outputs.js";
import { parsePassLog } from "../../src/plan/rate-control/pass-log.js";
import { parseTee } from "../../src/plan/tee.js";
import { deciderOf } from "../../src/job/decider.js";
import { oneLine } from "../../src/ui/text.js";
import { readInventory } from "../../src/workers/inventory.js";
import { entryMatches, parseKnownHosts } from "../../src/workers/known-hosts.js";
import { parseProbe, parseVersion } from "../../src/workers/probe-text.js";
import { mergeSettings, parseSshConfig } from "../../src/workers/ssh-config.js";
import { rational } from "../../src/lib/rational.js";
import { ALL } from "../thorough.js";
import { worker } from "../unit/workers/worker-config.js";

/** Everything that reads what others have written takes any bytes: it may say no, but neither throws nor hangs. */

const RUNS = ALL ? 5000 : 250;
/** Longer than any line that is handed over in one piece (lib/lines.ts). */
const LONG = 70_000;

interface Reader {
  /** Texts as they really come. */
  readonly samples: readonly string[];
  readonly read: (text: string) => unknown;
}

const FRAMECRC = `#software: Lavf59.27.100
#extradata 0:       47, 0x7d6f0cd6
#tb 0: 1/12800
#media_type 0: video
#codec_id 0: h264
#dimensions 0: 320x240
#sar 0: 1/1
0,      -1024,          0,      512,     5403, 0x2d3d1e0f, S=1,       20, 0x1234abcd
0,       -512,       1024,      512,      123, 0xaabbccdd, F=0x0
0, -9223372036854775808, -9223372036854775808, 0, 1, 0x0, F=0x5`;
const VERBOSE = `  Stream #0:0 -> #0:0 (h264 (native) -> ffv1 (native))
  Stream #0:1 -> #0:1 (copy)
  Stream #0:0 (h264) -> scale:default (graph 0)
  overlay:default (graph 0) -> Stream #0:0 (libx264)
[graph 0 input from stream 0:0 @ 0x55d5c8a0b2c0] w:320 h:240 pixfmt:yuv420p tb:1/12800 fr:25/1 sar:1/1
Output #0, matroska, to 'o.mkv':
  Stream #0:0(und): Video: h264 (High), 1 reference frame (avc1 / 0x31637661), yuv420p(tv, left), 320x240 (320x240) [SAR 1:1 DAR 4:3], 25 fps
[libx264 @ 0x5581] [info] frame I:1
[error] Error writing trailer of o.mkv: No space left on device
video:1kB audio:0kB subtitle:0kB other streams:0kB global headers:0kB muxing overhead: 3.5%`;
const STATS = `frame=  100 fps= 25 q=28.0 Lsize=     100kB time=00:00:04.00 bitrate= 200.1kbits/s dup=1 drop=2 speed=1.5x`;
const PROGRESS = `frame=131\nfps=25.00\nstream_0_0_q=-1.0\nbitrate= 200.1kbits/s\ntotal_size=1234\nout_time_us=4000000\nout_time=00:00:04.000000\ndup_frames=0\ndrop_frames=0\nspeed=1.5x\nprogress=continue`;
const PROBE = JSON.stringify({
  streams: [
    {
      ...{ index: 0, codec_name: "h264", codec_type: "video", codec_tag: "0x31637661", codec_tag_string: "avc1" },
      ...{ level: 30, width: 320, height: 240, time_base: "1/12800", avg_frame_rate: "25/1", r_frame_rate: "0/0" },
      ...{ disposition: { default: 1 }, tags: { language: "und" }, start_time: "0.000000" },
      side_data_list: [{ side_data_type: "Display Matrix", displaymatrix: "\n00000000: 0 65536 0\n", rotation: -90 }],
    },
  ],
  format: { format_name: "mov,mp4,m4a,3gp,3g2,mj2", duration: "4.0", start_time: "0.0" },
});
const GRAPH = `sws_flags=bicubic;[0:v]scale=w=iw/2:h='min(ih\\,240)',drawtext@a=text='it\\'s %{pts\\:hms}':x=10[a];[a][1:v]overlay=enable='between(t,1,2)'`;
const KNOWN = `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n@revoked *.example.com,!a?b ssh-rsa AAAA\n[127.0.0.1]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl`;
const SSHG = `host tower\nhostname 10.0.0.1\nport 22\nuser me\nidentityfile ~/.ssh/id_ed25519\nuserknownhostsfile "~/a b" /x\nproxyjump a@b:22,ssh://c\nidentityagent $SSH_AUTH_SOCK`;
const FRAME_LOG = `#options: 320x240 fps=25/1 timebase=1/12800 bitdepth=8 mbtree=1\nin:0 out:0 type:I dur:2 cpbdur:2 q:22.03 aq:16.23 tex:9691 mv:736 misc:213 imb:300 pmb:0 smb:0 d:- ref:;\n`;
const INVENTORY = `@distffmpeg version\nffmpeg version 5.1.9-0+deb12u1 Copyright\nlibavcodec     59. 37.100 / 59. 37.100\n@distffmpeg encoders\n V....D libx264              H.264 (codec h264)\n@distffmpeg filters\n TSC scale             V->V       Scale\n@distffmpeg muxers\n  E matroska,webm        Matroska\n@distffmpeg path /usr/bin/ffmpeg\n@distffmpeg version-status 0\n@distffmpeg cores\n8\n@distffmpeg system\nLinux\nID="debian"\n@distffmpeg end`;
const PLAYLIST = `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI="init.mp4"\n#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x00112233445566778899aabbccddeeff\n#EXTINF:2.0,\na/s0.ts\n#EXT-X-ENDLIST`;

const readers: Readonly<Record<string, Reader>> = {
  framecrc: {
    samples: FRAMECRC.split("\n"),
    read: (line) => [new FramecrcParser(1).line(line), frameTime(line)],
  },
  "ffmpeg's log": {
    samples: VERBOSE.split("\n"),
    read: (line) => [
      ...[readLogLine(line), readOutputLine(line), isSizeLine(line), faultIn([line]), oneLine(line)],
      new LogReader().read(line),
      wordsOf(line),
    ],
  },
  "stat lines": { samples: [STATS], read: parseStatLine },
  progress: {
    samples: [PROGRESS, "stream_0_0_q=1.0\n".repeat(9)],
    read: (text) => {
      const blocks = new ProgressBlocks();
      return text.split("\n").map((line) => blocks.push(line));
    },
  },
  "ffprobe's JSON": { samples: [PROBE], read: readProbe },
  configuration: { samples: ['{"workers": [{"host": "a", "slots": 2}], "keyint_min": 1e3}'], read: parseJson },
  "ssh -G": {
    samples: [SSHG],
    read: (text) => mergeSettings(worker(), parseSshConfig(text), { HOME: "/home/me" }),
  },
  known_hosts: {
    samples: [KNOWN],
    read: (text) => parseKnownHosts(text, "f").map((entry) => entryMatches(entry, "[127.0.0.1]:2222")),
  },
  "a worker's answers": {
    samples: [INVENTORY],
    read: (text) => [readInventory(text), parseProbe(text, "@distffmpeg "), parseVersion(text.split("\n"))],
  },
  "logs of x264": { samples: [FRAME_LOG], read: (text) => [parseFrameLog(text), parsePassLog("libx264", text, 5)] },
  "logs of libvpx": {
    samples: [Buffer.from(Float64Array.from({ length: 54 }, (_, i) => (i < 27 ? 0 : i)).buffer).toString("base64")],
    read: (text) => [parsePassStats(text), parsePassLog("libvpx-vp9", text, undefined)],
  },
  playlists: { samples: [PLAYLIST], read: readPlaylist },
  "filter graphs": {
    samples: [GRAPH],
    read: (text) => {
      const graph = parseFiltergraph(text);
      return graph.ok ? printFiltergraph(graph.value) : graph.failure;
    },
  },
  expressions: {
    samples: ["if(gte(t,2*PI), min(n/2, 3.5e2), -pow(w,2)^.5)", "between(t,1,2);0"],
    read: (text) => {
      const read = parseExpression(text, new Set(["t", "n", "w"]));
      return [read.ok ? read.value({ t: 1, n: 2 }) : read.failure, identifiers(text), steadyText(text)];
    },
  },
  "forced keyframes": {
    samples: ["expr:gte(t,n_forced*2)", "0,1.5,00:00:03,chapters-0.1", "source"],
    read: (text) => forcedKeyframes(text, rational(1, 25)),
  },
  tees: { samples: ["[f=mp4:movflags=+faststart:select='v,a']a.mp4|[onfail=ignore]b\\|c.mkv"], read: parseTee },
  "options' values": {
    samples: [
      "1500k",
      "30000/1001",
      "00:01:02.5",
      "keyint=50:aq_mode=2:log-level=none",
      "+repeat+level+verbose",
      "2.5MiB",
    ],
    read: (text) => [
      parseQuantity(text),
      parseRational(text),
      parseDuration(text),
      parsePairs(text),
      parseLoglevel(text),
    ],
  },
  EBML: {
    samples: [
      Buffer.from("1a45dfa3934286810142f7810142f2810442f381081853806701ffffffffffffff", "hex").toString("latin1"),
    ],
    read: (text) => {
      const bytes = Buffer.from(text, "latin1");
      return children(bytes, { from: 0, to: bytes.length }).map((element) => children(bytes, element));
    },
  },
  "H.264 and HEVC": {
    samples: ["\0\0\0\x01\x67\x42\0\0\x01\x65\x88", "\0\0\x01\x26\x01"],
    read: (text) => ["h264", "hevc", "constructor"].map((codec) => beginsAnew(codec, Buffer.from(text, "latin1"))),
  },
};

function wordsOf(line: string): readonly string[] {
  const told = { emit: () => undefined, opened: () => undefined };
  const words = new Words({ ...told, outputs: ["o.mkv"], hideBanner: false, keys: true, loglevel: 32 });
  words.push({ level: 32, text: line }, ["/tmp/x"]);
  words.release("all");
  words.finish();
  return words.said;
}

/** Names that every object has by itself, and tables are asked for. */
const INHERITED = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];

const anything = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("utf8")),
  fc.constantFrom(...INHERITED, "", "\0", "\uFEFF", "9".repeat(400), "-".repeat(400), "(".repeat(400)),
);

/** A sample with pieces of it left out, doubled, put elsewhere or overwritten by anything. */
function mutated(samples: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 40 }),
    to: fc.nat(),
    put: anything,
    kind: fc.nat({ max: 3 }),
  });
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([sample, changes]) =>
      changes.reduce((text, { at, length, to, put, kind }) => {
        const from = text.length === 0 ? 0 : at % text.length;
        const piece = text.slice(from, from + length);
        const rest = text.slice(0, from) + text.slice(from + length);
        const place = rest.length === 0 ? 0 : to % rest.length;
        const inserted = kind === 0 ? "" : kind === 1 ? piece + piece : kind === 2 ? piece : put.slice(0, 40);
        return rest.slice(0, place) + inserted + rest.slice(place);
      }, sample),
    );
}

/** Long texts of few characters, among them each the sample has: what patterns that go back and forth take long for. */
function* long(samples: readonly string[]): Generator<string> {
  const units = new Set([...samples.join("").replaceAll(/[a-z]/g, "a"), ..."([{,;:='\"\\|-+ \n\t0%".split("")]);
  for (const unit of units) {
    yield unit.repeat(LONG);
    for (const sample of samples.slice(0, 2)) {
      const middle = Math.floor(sample.length / 2);
      yield sample.slice(0, middle) + unit.repeat(LONG) + sample.slice(middle);
    }
  }
  for (const sample of samples) yield sample.repeat(Math.ceil(LONG / Math.max(1, sample.length)));
}

describe.each(Object.entries(readers))("%s", (_, { samples, read }) => {
  test("as they come, broken, and of any bytes", () => {
    for (const sample of samples) expect(() => read(sample)).not.toThrow();
    fc.assert(
      fc.property(fc.oneof(anything, mutated(samples)), (text) => void read(text)),
      { numRuns: RUNS },
    );
  });

  // What took seconds for one of these (a pattern that goes back and forth) would run into the test's time limit.
  test("long ones", () => {
    for (const text of long(samples)) read(text);
  });
});

describe("command lines", () => {
  const flags =
    "-i -f -c:v -c -vf -filter_complex -map -b:v -pass -r -ss -t -force_key_frames -g -vsync -x264-params".split(" ");
  const values = [
    ...INHERITED,
    "libx264",
    "hls",
    "tee",
    "a.mkv",
    "0:v",
    "[a]",
    "scale=1:1",
    "1",
    "-1",
    "",
    "-",
    "copy",
    "%d.png",
  ];
  const word = fc.oneof(
    fc.constantFrom(...flags, "-i"),
    fc.constantFrom(...values),
    anything,
    mutated([GRAPH, "0:v:0?", "expr:gte(t,1)"]),
  );
  const argv = fc.array(word, { maxLength: 16 }).map((words) => ["-i", "a.mkv", ...words, "o.mkv"]);
  const nothing: Files = { kind: () => "none", text: () => undefined, names: () => [] };

  test("are judged whatever they are", () => {
    let split = 0;
    fc.assert(
      fc.property(argv, (words) => {
        commandsIn(words);
        const parsed = parseCommand(words);
        if (!parsed.ok) return;
        const may = shareOutputs(parsed.value);
        if (may.ok) split++;
        else deciderOf(parsed.value, may.failure);
        planOffload(parsed.value, { files: nothing });
      }),
      { numRuns: RUNS * 4 },
    );
    expect(split).toBeGreaterThan(0);
  });

  test("of very many words", () => {
    for (const unit of [["ffmpeg"], ["a", "ffmpeg"], ["-i", "x"], ["-"], ["-vf", "null"], ["o.mkv"], ["-map", "0"]]) {
      const words = Array.from({ length: 20_000 }, () => unit).flat();
      commandsIn(words);
      const parsed = parseCommand(words);
      if (parsed.ok) shareOutputs(parsed.value);
    }
  });
});

test("lines come whole and in order, however the bytes are cut, and no longer than the limit", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.integer({ min: 1, max: 20 }), (blocks, limit) => {
      const lines: string[] = [];
      const splitter = new LineSplitter((line) => lines.push(line), limit);
      for (const block of blocks) splitter.push(block);
      splitter.end();
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(limit);
      const all = new TextDecoder("utf-8").decode(Buffer.concat(blocks));
      expect(lines.join("")).toBe(all.replaceAll(/[\r\n]/g, ""));
    }),
    { numRuns: RUNS },
  );
});
