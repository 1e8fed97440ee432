/** A part of an edit list: how long, in thousandths of a second, and from where, in ticks of the track. */
export type Part = readonly [milliseconds: number, mediaTime: number];

/** An MP4, as ffmpeg writes it, whose film plays these parts of itself one after the other (ISO/IEC 14496-12, `elst`). */
export function playParts(mp4: Buffer, parts: readonly Part[]): Buffer {
  return rebuild(mp4, parts);
}

function rebuild(boxes: Buffer, parts: readonly Part[]): Buffer {
  const out: Buffer[] = [];
  for (let at = 0; at < boxes.length; ) {
    const size = boxes.readUInt32BE(at);
    const kind = boxes.toString("latin1", at + 4, at + 8);
    const body = boxes.subarray(at + 8, at + size);
    // The movie's box stands at the end: what grows in it moves nothing that is pointed to.
    if (kind === "moov") out.push(box(kind, rebuild(body, parts)));
    else if (kind === "trak" && body.includes("vide")) out.push(box(kind, Buffer.concat(track(body, parts))));
    else out.push(boxes.subarray(at, at + size));
    at += size;
  }
  return Buffer.concat(out);
}

function track(body: Buffer, parts: readonly Part[]): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const size = body.readUInt32BE(at);
    const kind = body.toString("latin1", at + 4, at + 8);
    if (kind !== "edts") out.push(body.subarray(at, at + size));
    if (kind === "tkhd") out.push(editList(parts));
    at += size;
  }
  return out;
}

function editList(parts: readonly Part[]): Buffer {
  const list = Buffer.alloc(8 + 12 * parts.length);
  list.writeUInt32BE(parts.length, 4);
  parts.forEach(([duration, mediaTime], i) => {
    list.writeUInt32BE(duration, 8 + 12 * i);
    list.writeInt32BE(mediaTime, 12 + 12 * i);
    list.writeUInt32BE(0x10000, 16 + 12 * i);
  });
  return box("edts", box("elst", list));
}

function box(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(kind, 4, "latin1");
  return Buffer.concat([head, body]);
}
