// One use of fluent-ffmpeg: node fluent.mjs FFMPEG FILM SCENE. Prints what it told, as JSON.
import { createReadStream, createWriteStream } from "node:fs";
import fluent from "fluent-ffmpeg";

const [, , bin, film, scene] = process.argv;
fluent.setFfmpegPath(bin);
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
  fromStream: () =>
    fluent(createReadStream(film)).inputFormat("mpegts").outputOptions(["-c:v", "ffv1", "-an"]).save("o.mkv"),
  missing: () => fluent("missing.mkv").outputOptions(lossless).save("o.mkv"),
  refused: () => fluent(film).videoCodec("ffv1").outputOptions(["-nonsense", "1"]).save("o.mkv"),
  killed: () => {
    const command = fluent(film).inputOptions(["-re"]).outputOptions(lossless).save("o.mkv");
    command.once("progress", () => command.kill());
    return command;
  },
};

scenes[scene]()
  .on("codecData", (data) => tell("codecData", data))
  .on("progress", (progress) => tell("progress", Object.keys(progress).sort()))
  .on("error", (error) => finish("error", error.message))
  .on("end", () => finish("end", null));

function finish(name, value) {
  tell(name, value);
  process.stdout.write(JSON.stringify(told));
}
