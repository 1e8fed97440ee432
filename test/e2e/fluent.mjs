// One use of fluent-ffmpeg: node fluent.mjs FFMPEG FILM SCENE. Prints what it told, as JSON.
import { createReadStream, createWriteStream } from "node:fs";
import fluent from "fluent-ffmpeg";

const [, , bin, film, scene, probe] = process.argv;
fluent.setFfmpegPath(bin);
fluent.setFfprobePath(probe);
const told = [];
const tell = (name, value) => told.push([name, value]);
const lossless = ["-c:v", "ffv1", "-c:a", "copy"];

const scenes = {
  convert: () => fluent(film).outputOptions(lossless).save("o.mkv"),
  outputs: () => {
    const command = fluent(film)
      .output("a.mkv")
      .outputOptions(lossless)
      .output("b.mkv")
      .outputOptions(["-vn", "-c:a", "copy"]);
    command.run();
    return command;
  },
  streams: () => {
    const command = fluent(createReadStream(film)).inputFormat("mpegts").outputOptions(["-c", "copy"]).format("mpegts");
    command.pipe(createWriteStream("o.ts"), { end: true });
    return command;
  },
  outStream: () => {
    const command = fluent(film).outputOptions(["-c:v", "ffv1", "-c:a", "copy"]).format("nut");
    command.pipe(createWriteStream("o.nut"), { end: true });
    return command;
  },
  encodedOutputs: () => {
    const command = fluent(film)
      .output("a.mkv")
      .outputOptions(lossless)
      .output("b.mkv")
      .videoCodec("ffv1")
      .size("80x60")
      .noAudio();
    command.run();
    return command;
  },
  filtered: () =>
    fluent(film)
      .complexFilter(["[0:v]scale=80:60[small]", "[small]hflip[out]"], "out")
      .outputOptions(["-c:v", "ffv1"])
      .save("o.mkv"),
  seeking: () => fluent(film).seekInput(1).duration(3).fps(10).videoCodec("ffv1").noAudio().save("o.mkv"),
  screenshots: () => fluent(film).screenshots({ count: 3, filename: "s%i.png", folder: ".", size: "80x?" }),
  screenshotAt: () => fluent(film).screenshots({ timestamps: [1, "50%"], filename: "at-%s.png", folder: "." }),
  fromStream: () =>
    fluent(createReadStream(film)).inputFormat("mpegts").outputOptions(["-c:v", "ffv1", "-an"]).save("o.mkv"),
  missing: () => fluent("missing.mkv").outputOptions(lossless).save("o.mkv"),
  refused: () => fluent(film).videoCodec("ffv1").outputOptions(["-nonsense", "1"]).save("o.mkv"),
  killedAtWork: () => {
    const slow = ["-vf", "scale=1920:1080,nlmeans=s=10", "-c:v", "libx264", "-preset", "veryslow"];
    const command = fluent(film).outputOptions(slow).save("o.mkv");
    command.once("codecData", () => setTimeout(() => command.kill(), 500));
    return command;
  },
  killedGently: () => {
    const command = fluent(film).inputOptions(["-re"]).outputOptions(lossless).save("o.mkv");
    command.once("progress", () => command.kill("SIGTERM"));
    return command;
  },
  killed: () => {
    const command = fluent(film).inputOptions(["-re"]).outputOptions(lossless).save("o.mkv");
    command.once("progress", () => command.kill());
    return command;
  },
};

scenes[scene]()
  .on("start", (line) => tell("start", line.slice(line.indexOf(" -"))))
  .on("filenames", (names) => tell("filenames", names))
  .on("codecData", (data) => tell("codecData", data))
  .on("progress", (progress) => tell("progress", Object.keys(progress).sort()))
  .on("error", (error) => finish("error", error.message))
  .on("end", (stdout) => finish("end", typeof stdout === "string" ? stdout : null));

function finish(name, value) {
  tell(name, value);
  process.stdout.write(JSON.stringify(told));
}
