import type { Command } from "../../ffmpeg/command.js";
import { fileOptions } from "../../ffmpeg/command.js";

/** What an ffmpeg must have been built with to run a command, by the kinds that its lists go by. */
export type Kind = "encoders" | "decoders" | "filters" | "muxers" | "demuxers" | "hwaccels";

/** Names as ffmpeg's own lists have them, kind by kind. */
export type Stock = Readonly<Record<Kind, ReadonlySet<string>>>;

const WORDS: Readonly<Record<Kind, string>> = {
  encoders: "encoder",
  decoders: "decoder",
  filters: "filter",
  muxers: "muxer",
  demuxers: "demuxer",
  hwaccels: "hardware decoding",
};

/** Encoders and decoders that work on a graphics card or another device: to be built in is not enough for them. */
const ON_DEVICE = /_(nvenc|cuvid|qsv|vaapi|amf|videotoolbox|v4l2m2m|omx|mediacodec|mf|vulkan|rkmpp|d3d12va)$/;

/** Encoders that ffmpeg takes by itself where it is told none (`AVOutputFormat.video_codec` and its kin). */
const BY_ITSELF = [
  [
    "v",
    "vn",
    ["libx264", "libvpx", "libvpx-vp9", "libaom-av1", "libtheora", "mpeg4", "mjpeg", "flv", "png", "gif", "ffv1"],
  ],
  ["a", "an", ["aac", "libmp3lame", "libvorbis", "libopus", "vorbis", "opus", "ac3", "flac", "mp2", "pcm_s16le"]],
  ["s", "sn", ["ass", "subrip", "mov_text", "webvtt"]],
] as const;

/** What a command needs of the machine that runs it. */
export class Needs {
  readonly #names = new Map<string, readonly [kind: Kind, name: string]>();
  /** What works on a device of the machine: encoders, decoders, filters and `-hwaccel`s. */
  readonly devices: string[] = [];
  /** A filter that writes with the machine's own fonts. */
  fonts: string | undefined;
  /** Encoders that ffmpeg may pick by itself, by what it was built with. */
  readonly #picks = new Set<string>();

  add(kind: Kind, name: string): void {
    this.#names.set(`${kind} ${name}`, [kind, name]);
  }

  /** Adds what the options of the command's files name. */
  addNamed(command: Command): void {
    for (const [files, codecs, formats] of [
      [command.inputs, "decoders", "demuxers"],
      [command.outputs, "encoders", "muxers"],
    ] as const) {
      for (const file of files) {
        for (const { name, value = "" } of fileOptions(file)) {
          if (name === "f") this.add(formats, value);
          if (name === "c" && value !== "copy") {
            this.add(codecs, value);
            if (ON_DEVICE.test(value)) this.devices.push(value);
          }
          if (name === "hwaccel" && value !== "none" && value !== "auto") {
            this.add("hwaccels", value);
            this.devices.push(value);
          }
        }
      }
    }
    for (const [kind, off, encoders] of BY_ITSELF) {
      const picks = command.outputs.some((output) =>
        fileOptions(output).every(
          ({ name, spec, negated }) =>
            !(name === "c" && (spec ?? kind).startsWith(kind)) && !(name === off && !negated),
        ),
      );
      if (picks) for (const encoder of encoders) this.#picks.add(encoder);
    }
  }

  /** The encoders of devices among them. */
  get deviceEncoders(): readonly string[] {
    return [...this.#names.values()].flatMap(([kind, name]) =>
      kind === "encoders" && ON_DEVICE.test(name) ? [name] : [],
    );
  }

  /**
   * What an ffmpeg lacks, in words ("no encoder libx265"); undefined where it has everything. `here`: what this machine's
   * has, where that could run the command and would be followed in what it picks by itself.
   */
  lacking(stock: Stock, here: Stock | undefined): string | undefined {
    for (const [kind, name] of this.#names.values()) {
      // Formats go by several names with commas between (`-f mov,mp4`): any of them will do.
      if (!name.split(",").some((one) => stock[kind].has(one))) return `no ${WORDS[kind]} ${name}`;
    }
    const other = here && [...this.#picks].find((name) => here.encoders.has(name) !== stock.encoders.has(name));
    return other === undefined ? undefined : `another choice of encoders (${other})`;
  }
}
