import type { ByteSink, ByteWriter } from "../byte-sink.ts";
import { NativeError } from "../errors.ts";
import { createPacer } from "../pacer.ts";
import { runThrough } from "./bytes.ts";
import type { ChdFile } from "./chd-file.ts";
import { formatCue, formatGdi, nameBins, nameGdTracks, type TrackFile, trackFileBytes } from "./sheets.ts";
import { dataFrameCount, streamTrack, type TrackLayout } from "./track-bytes.ts";
import type { ChdTrack } from "./types.ts";
import { findUserOffset, takeUserData, USER_BYTES } from "./user-data.ts";
import type { LongOptions } from "./verify.ts";

/** In which form a disc is written: a cue sheet or gdi sheet with a file for each track, or one plain image. */
export type ExtractFormat = "bin_cue" | "iso" | "gdi";

/** What is needed of an open CHD. */
export interface ExtractInput {
  readonly file: ChdFile;
  readonly tracks: readonly ChdTrack[];
  readonly layout: TrackLayout;
  readonly isGdRom: boolean;
}

/** One file to write: its bytes from any offset on. */
interface OutputFile {
  readonly name: string;
  readonly sizeBytes: number;
  from(offsetBytes: number, signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
}

function refuse(message: string): never {
  throw new NativeError("CHD_EXTRACT_FORMAT", message);
}

/** The file's name without folder and extension; "disc" where there is none. */
function baseName(name: string): string {
  return name.replace(/\.[^.]*$/, "") || "disc";
}

function textFile(name: string, text: string): OutputFile {
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    sizeBytes: bytes.length,
    async *from(offsetBytes) {
      if (offsetBytes < bytes.length) yield bytes.subarray(offsetBytes);
    },
  };
}

/** Drops the first bytes of a stream. */
async function* skip(pieces: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of pieces) {
    const dropped = Math.min(left, piece.length);
    left -= dropped;
    if (dropped < piece.length) yield piece.subarray(dropped);
  }
}

function trackFile(input: ExtractInput, { name, track }: TrackFile): OutputFile {
  const { file, layout } = input;
  const frames = dataFrameCount(track);
  return {
    name,
    sizeBytes: trackFileBytes(track),
    from(offsetBytes, signal) {
      const first = Math.floor(offsetBytes / track.sectorBytes);
      const range = { first, count: frames - first };
      return skip(streamTrack(file, { track, layout, range }, signal), offsetBytes % track.sectorBytes);
    },
  };
}

function planCue(input: ExtractInput): OutputFile[] {
  if (input.tracks.length === 0 || input.layout.frameBytes === USER_BYTES) refuse("it is not a CD");
  if (input.isGdRom) refuse("it is a GD-ROM, whose sheet is a gdi");
  const base = baseName(input.file.name);
  const files = nameBins(base, input.tracks);
  return [...files.map((file) => trackFile(input, file)), textFile(`${base}.cue`, formatCue(files))];
}

function planGdi(input: ExtractInput): OutputFile[] {
  if (!input.isGdRom) refuse("it is not a GD-ROM");
  const files = nameGdTracks(input.tracks);
  return [
    ...files.map((file) => trackFile(input, file)),
    textFile(`${baseName(input.file.name)}.gdi`, formatGdi(files)),
  ];
}

/** The whole content as it is: a DVD, or an image without tracks. */
function contentFile({ file }: ExtractInput, name: string): OutputFile {
  const { logicalBytes } = file.header;
  return {
    name,
    sizeBytes: logicalBytes,
    async *from(offsetBytes, signal) {
      for await (const { bytes } of runThrough(file, { start: offsetBytes, end: logicalBytes }, signal))
        yield bytes;
    },
  };
}

function planIso(input: ExtractInput): OutputFile[] {
  const name = `${baseName(input.file.name)}.iso`;
  const [track, ...others] = input.tracks;
  if (track === undefined || input.layout.frameBytes === USER_BYTES) {
    if (input.file.header.logicalBytes % USER_BYTES !== 0)
      refuse("it does not consist of sectors of 2048 bytes");
    return [contentFile(input, name)];
  }
  if (others.length > 0) refuse(`it has ${input.tracks.length} tracks`);
  if (findUserOffset(track) === null) refuse(`its track is ${track.mode}`);
  const whole = trackFile(input, { name, track });
  return [
    {
      name,
      sizeBytes: dataFrameCount(track) * USER_BYTES,
      async *from(offsetBytes, signal) {
        const sector = Math.floor(offsetBytes / USER_BYTES);
        const sectors = whole.from(sector * track.sectorBytes, signal);
        const cooked = (async function* () {
          for await (const piece of sectors) yield takeUserData(piece, track);
        })();
        yield* skip(cooked, offsetBytes % USER_BYTES);
      },
    },
  ];
}

const PLANS = { bin_cue: planCue, iso: planIso, gdi: planGdi } as const satisfies Record<
  ExtractFormat,
  (input: ExtractInput) => OutputFile[]
>;

/** Writes one file, going on from what is there. */
async function writeFile(
  output: OutputFile,
  writer: ByteWriter,
  options: { readonly signal: AbortSignal | undefined; readonly onBytes: (bytes: number) => void },
): Promise<void> {
  if (writer.offsetBytes > output.sizeBytes) await writer.restart();
  const pacer = createPacer(options.signal);
  options.onBytes(writer.offsetBytes);
  for await (const piece of output.from(writer.offsetBytes, options.signal)) {
    await writer.write(piece);
    options.onBytes(piece.length);
    await pacer.step();
  }
}

/**
 * Writes a disc as files, the sheet last.
 * @param to Gives the place for a file; names hold no folder.
 * @returns The names in the order written.
 * @throws NativeError `CHD_EXTRACT_FORMAT` when the disc does not fit the format, before anything is written;
 *   `CHD_HUNK_…` when a hunk is damaged. What was written is then suspended.
 */
export async function extractChd(
  input: ExtractInput,
  target: { readonly format: ExtractFormat; readonly to: (fileName: string) => ByteSink },
  options: LongOptions,
): Promise<readonly string[]> {
  const { signal, onProgress } = options;
  const outputs = PLANS[target.format](input);
  const totalBytes = outputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const validator = input.file.header.sha1;
  let doneBytes = 0;
  const onBytes = (bytes: number) => {
    doneBytes += bytes;
    onProgress?.({ doneBytes, totalBytes });
  };
  for (const output of outputs) {
    signal?.throwIfAborted();
    const { name, sizeBytes } = output;
    const writer = await target.to(name).open({ name, sizeBytes, validator });
    try {
      await writeFile(output, writer, { signal, onBytes });
    } catch (error) {
      await writer.suspend();
      throw error;
    }
    await writer.commit();
  }
  return outputs.map(({ name }) => name);
}
