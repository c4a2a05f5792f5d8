import { type Client, isMultitapError, type Platform, type UploadResult } from "@multitap/client";
import { fileSource } from "@multitap/client/node";
import { createByteProgress } from "./byte-progress.ts";
import { type CommandCall, createCommand } from "./command.ts";
import { CliError, type Failure, toFailure } from "./errors.ts";
import { type OpenedServer, openServer } from "./open-server.ts";

const options = {
  platform: {
    kind: "text",
    placeholder: "SLUG",
    isRequired: true,
    help: "Where the files go: the name of the platform's folder, or its slug.",
  },
  into: {
    kind: "text",
    placeholder: "FOLDER",
    help: "A folder below the platform's, such as that of a game of several discs; made if missing.",
  },
  verify: {
    kind: "flag",
    fallback: false,
    help: "Compare the bytes by SHA-1, and send nothing that the platform has already.",
  },
} as const;

type UploadCall = CommandCall<typeof options>;

/** What became of one file. */
interface Outcome {
  readonly path: string;
  readonly result: UploadResult | null;
  readonly failure: Failure | null;
}

/** `upload`: stores files in the folder of a platform. */
export const upload = createCommand({
  name: "upload",
  summary: "Stores files in a platform's folder of the library; a scan then finds them.",
  positionals: ["FILE..."],
  options,
  notes: [
    "Nothing is overwritten: a file whose name is taken is told and left out. Ctrl-C keeps what was sent for a day, and " +
      "the same command goes on from there.",
    "Joins the server that runs on this machine. Without one it starts what it needs and stops it afterwards.",
  ],
  async run(call) {
    const server = await openServer(call, { withWorker: false });
    try {
      const platform = await findPlatform(server.client, call.options.platform ?? "");
      const outcomes: Outcome[] = [];
      for (const path of call.positionals) {
        outcomes.push(await uploadFile(server, call, { platform, path }));
      }
      const failed = outcomes.find(({ failure }) => failure !== null);
      return {
        json: { platformId: platform.id, files: outcomes.map(toJson) },
        lines: outcomes.map(describe),
        failure: failed?.failure ?? null,
      };
    } finally {
      await server.close();
    }
  },
});

async function findPlatform(client: Client, name: string): Promise<Platform> {
  const platforms = await client.platforms.list();
  const found =
    platforms.find(({ fsSlug }) => fsSlug === name) ?? platforms.find(({ slug }) => slug === name);
  if (found !== undefined) return found;
  throw new CliError("CLI_PLATFORM_UNKNOWN", `the library has no platform ${JSON.stringify(name)}`);
}

/** A file that cannot be stored does not keep the others from it; the end of the command does. */
async function uploadFile(
  server: OpenedServer,
  call: UploadCall,
  { platform, path }: { readonly platform: Platform; readonly path: string },
): Promise<Outcome> {
  const { signal } = server;
  const { into, json, verify } = call.options;
  const progress = createByteProgress(call.terminal, { isQuiet: json, now: () => performance.now() });
  try {
    const source = await fileSource(path);
    try {
      const name = into === null ? source.name : `${into}/${source.name}`;
      const result = await server.client.roms.upload(
        source,
        { platformId: platform.id, name },
        {
          signal,
          verify,
          onProgress: ({ loadedBytes: doneBytes, totalBytes }) =>
            progress.show({ label: `sending ${source.name}`, doneBytes, totalBytes: totalBytes ?? 0 }),
        },
      );
      return { path, result, failure: null };
    } finally {
      await source.close?.();
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!isMultitapError(error)) throw error;
    return { path, result: null, failure: toFailure(error) };
  } finally {
    progress.end();
  }
}

function toJson({ path, result, failure }: Outcome): Readonly<Record<string, unknown>> {
  if (failure !== null) return { path, error: { code: failure.code, message: failure.message } };
  return { path, ...result };
}

function describe({ path, result, failure }: Outcome): string {
  if (failure !== null) return `${path}: ${failure.message}`;
  if (result?.wasThere === true) return `${path}: the platform has it as ${result.fsName}`;
  return `${path}: stored as ${result?.fsName ?? ""}${result?.resumed === true ? " (resumed)" : ""}`;
}
