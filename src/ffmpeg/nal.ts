import { table } from "../lib/table.js";
/** Units of coded pictures, by the header that follows a start code (H.264 table 7-1, H.265 table 7-1). */
const PICTURES: Readonly<Record<string, (header: number) => { readonly coded: boolean; readonly idr: boolean }>> =
  table({
    h264: (header) => ({ coded: (header & 31) === 1 || (header & 31) === 5, idr: (header & 31) === 5 }),
    hevc: (header) => {
      const type = (header >> 1) & 63;
      return { coded: type < 32, idr: type === 19 || type === 20 };
    },
  });

/**
 * Whether the first picture in a stretch of an H.264 or HEVC stream with start codes is one with which everything
 * begins anew (IDR): nothing behind it is shown before it or looks behind it. False where there is no such picture.
 */
export function beginsAnew(codec: string, bytes: Uint8Array): boolean {
  const kind = PICTURES[codec];
  if (!kind) return false;
  for (let at = 0; at + 3 < bytes.length; at++) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) continue;
    const { coded, idr } = kind(bytes[at + 3] ?? 0);
    if (coded) return idr;
    at += 3;
  }
  return false;
}
