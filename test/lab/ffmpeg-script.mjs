// Shell scripts that stand in for a worker's ffmpeg: the real one, with something wrong or held back.

/**
 * @param {import("./lab.mjs").FfmpegKind} kind
 * @param {string} ffmpeg the real one
 * @param {string} folder where the script may keep a counter
 */
export function ffmpegScript(kind, ffmpeg, folder) {
  const real = `'${ffmpeg.replaceAll("'", "'\\''")}'`;
  const lines = ["#!/bin/sh"];
  if (kind.version !== undefined) {
    lines.push(
      `case " $* " in *" -version "*) ${real} "$@" | sed '1s/version [^ ]*/version ${kind.version}/'; exit;; esac`,
    );
  }
  for (const encoder of kind.lacks ?? []) {
    lines.push(
      `case " $* " in *" -encoders "*) ${real} "$@" | grep -v ' ${encoder} '; exit;; *" ${encoder} "*) echo "Unknown encoder '${encoder}'" >&2; exit 1;; esac`,
    );
  }
  // Questions of the probe are always answered; what follows concerns real work only.
  const questions = "version encoders decoders filters muxers demuxers hwaccels".split(" ");
  lines.push(`case " $* " in ${questions.map((word) => `*" -${word} "*`).join("|")}) exec ${real} "$@";; esac`);
  if (kind.fails !== undefined) {
    const times = kind.fails === true ? 1_000_000 : kind.fails;
    const counter = `'${folder}/failures'`;
    // One byte for each failure: appending is atomic, also for several processes at once.
    lines.push(
      `n=$(wc -c < ${counter} 2>/dev/null || echo 0)`,
      `if [ "$n" -lt ${times} ]; then printf x >> ${counter}; echo 'Error while encoding: the lab wants it so' >&2; exit 1; fi`,
    );
  }
  if (kind.delay !== undefined) lines.push(`sleep ${kind.delay}`);
  if (kind.script !== undefined) lines.push(kind.script.replaceAll("FFMPEG", real));
  lines.push(kind.cpus === undefined ? `exec ${real} "$@"` : `exec taskset -c ${kind.cpus} ${real} "$@"`);
  return `${lines.join("\n")}\n`;
}
