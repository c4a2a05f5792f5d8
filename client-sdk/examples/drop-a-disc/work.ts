/** The worker of the page: opens, hashes and looks up; the page's own thread only draws. */
import { createClient, isMultitapError } from "@multitap/client";
import {
  type BytesInput,
  hashRom,
  identify,
  type NativeProgress,
  nativeWorkers,
  openChd,
} from "@multitap/client/native";
import type { News, Task } from "./messages.ts";

// With a bundler that knows the package the file is "@multitap/client/native/worker" itself.
const workers = nativeWorkers(() => new Worker(new URL("./decode.js", import.meta.url), { type: "module" }));

const tell = (news: News) => postMessage(news);

async function listTracks(files: readonly File[]): Promise<string[]> {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0 || !/\.chd$/i.test(file.name)) return [];
  const chd = await openChd(file, { workers });
  const tracks = chd.tracks.map(
    ({ number, mode, frameCount }) => `${number}: ${mode}, ${frameCount} sectors`,
  );
  await chd.close();
  return tracks;
}

async function work({ files, url, token }: Task): Promise<void> {
  tell({ type: "tracks", tracks: await listTracks(files) });
  const game: readonly BytesInput[] = files;
  const onProgress = ({ doneBytes, totalBytes }: NativeProgress) =>
    tell({ type: "progress", share: totalBytes === 0 ? 0 : doneBytes / totalBytes });
  const { ra } = await hashRom(game, "detect", { names: ["ra"], workers, onProgress });
  tell({ type: "hash", ra });
  const client = createClient({ url, auth: token, app: { name: "drop-a-disc", version: "1.0.0" } });
  try {
    const hit = await identify(client, game, { workers, onProgress });
    tell({ type: "game", name: hit === null ? null : hit.rom.name });
  } finally {
    await client.close();
  }
}

addEventListener("message", (event: MessageEvent<Task>) => {
  work(event.data).catch((error: unknown) => {
    const code = isMultitapError(error) ? error.code : "INTERNAL";
    tell({ type: "failed", code, message: error instanceof Error ? error.message : String(error) });
  });
});
