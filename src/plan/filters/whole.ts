/** Filters that no chunk can run by itself, by the reason. */
import { words } from "./define.js";

const REASONS: readonly (readonly [reason: string, names: string])[] = [
  [
    "takes several inputs",
    `alphamerge apsnr asdr blend colormap convolve corr deconvolve displace feedback framepack freezeframes haldclut hstack
     hysteresis identity interleave libvmaf limitdiff lut2 maskedclamp maskedmax maskedmerge maskedmin maskedthreshold
     mergeplanes midequalizer mix morpho msad multiply overlay paletteuse premultiply_dynamic psnr remap scale2ref ssim
     ssim360 threshold varblur vif vstack xcorrelate xfade xmedian xpsnr xstack`,
  ],
  ["has several outputs", "extractplanes segment streamselect astreamselect"],
  ["joins films", "concat"],
  [
    "draws what it hears",
    `a3dscope abitscope adrawgraph afir agraphmonitor ahistogram aphasemeter avectorscope ebur128 showcqt showcwt showfreqs
     showspatial showspectrum showspectrumpic showvolume showwaves showwavespic`,
  ],
  [
    "carries what it saw from frame to frame, without end",
    `backgroundkey ccrepack deshake drawgraph elbg freezedetect hqdn3d idet lagfun mcdeint mestimate oscilloscope
     photosensitivity pp scdet thistogram tiltandshift uspp vidstabdetect`,
  ],
  [
    "counts frames",
    `doubleweave framerate framestep loop qrencode random scroll shuffleframes thumbnail tile untile weave zoompan`,
  ],
  [
    "pairs frames or fields from the film's first on",
    "decimate detelecine fieldmatch interlace pullup repeatfields telecine tinterlace",
  ],
  ["moves frames in time", "dejudder fsync settb tpad"],
  ["selects frames", "aselect mpdecimate select trim"],
  ["needs the whole film at once", "palettegen reverse"],
  [
    "tells what it found of the film",
    `bbox bench blackdetect blackframe blockdetect blurdetect colordetect cropdetect graphmonitor latency ocr quirc
     showinfo signature vfrdet vmafmotion`,
  ],
  ["goes by the clock", "cue realtime"],
  ["takes orders while it runs", "sendcmd zmq"],
  ["reads what is to be done with each frame by number", "fieldhint vidstabtransform"],
  ["does not give the same pictures in each run", "deblock greyedge kerndeint"],
  [
    "is not the same everywhere",
    "coreimage derain dnn_classify dnn_detect dnn_processing frei0r lensfun ocv sr whisper",
  ],
  ["is not proven", "cover_rect find_rect nnedi readeia608 readvitc spectrumsynth"],
  ["works on a device of its own", "hwdownload hwmap hwupload libplacebo gfxcapture ddagrab frc_amf"],
  [
    "is a source or a sink",
    `allrgb allyuv amovie avsynctest buffer buffersink cellauto color colorchart colorspectrum coreimagesrc fifo
     frei0r_src gradients haldclutsrc life mandelbrot movie mptestsrc nullsink nullsrc pal100bars pal75bars perlin
     qrencodesrc rgbtestsrc sierpinski smptebars smptehdbars testsrc testsrc2 yuvtestsrc zoneplate`,
  ],
];

export const WHOLE_FILTERS: ReadonlyMap<string, string> = new Map(
  REASONS.flatMap(([reason, names]) => words(names).map((name): [string, string] => [name, reason])),
);

/** The endings of filters that run on a graphics card or another device: other pictures on another make. */
const DEVICE =
  /_(amf|cl|cuda|d3d11|mt|npp|opencl|qsv|vaapi|videotoolbox|vt|vulkan|rkrga|ni_quad|nvof)$|^(openclsrc|program_opencl)$/;

/** Does a filter of that name run on a device of its own? Known or not: new ones come with every version. */
export function deviceFilter(name: string): boolean {
  return DEVICE.test(name);
}
