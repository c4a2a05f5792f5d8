import type { Client } from "@multitap/client";
import { type Command, type CommandResult, createCommand } from "./command.ts";
import { CliError } from "./errors.ts";
import { openServer } from "./open-server.ts";

/** What one export command writes. */
interface ExportKind {
  readonly word: "gamelist" | "pegasus";
  readonly summary: string;
  readonly call: "gamelistXml" | "pegasus";
}

const KINDS: readonly ExportKind[] = [
  {
    word: "gamelist",
    summary: "Writes gamelist.xml into the platforms' folders, with pictures beside the roms.",
    call: "gamelistXml",
  },
  {
    word: "pegasus",
    summary: "Writes metadata.pegasus.txt into the platforms' folders, with pictures beside the roms.",
    call: "pegasus",
  },
];

/** `export gamelist` and `export pegasus`: lists of the library for front ends on its disk. */
export const EXPORT_COMMANDS: readonly Command[] = KINDS.map(({ word, summary, call: name }) =>
  createCommand({
    name: `export ${word}`,
    summary,
    options: {
      platform: {
        kind: "list",
        placeholder: "SLUG",
        help: "Only this platform: the name of its folder, or its slug. The whole library unless said.",
      },
    },
    notes: [
      "A list that is there already is replaced, a picture is not.",
      "Exit code 1 when a platform is not known, or nothing could be written.",
    ],
    async run(call): Promise<CommandResult> {
      const server = await openServer(call, { withWorker: false });
      try {
        const platformIds = await findPlatformIds(server.client, call.options.platform);
        if (platformIds.length === 0)
          return { json: { written: [] }, lines: ["The library has no platforms."] };
        const written = await server.client.exports[name](
          { platformIds, isLocal: true },
          { signal: server.signal },
        );
        return { json: { written }, lines: written.map(({ path }) => `Wrote ${path}`) };
      } finally {
        await server.close();
      }
    },
  }),
);

async function findPlatformIds(client: Client, names: readonly string[]): Promise<readonly number[]> {
  const known = await client.platforms.list();
  if (names.length === 0) return known.map(({ id }) => id);
  const found = names.map((name) => {
    const platform = known.find(({ fsSlug }) => fsSlug === name) ?? known.find(({ slug }) => slug === name);
    if (platform !== undefined) return platform.id;
    throw new CliError("CLI_PLATFORM_UNKNOWN", `the library has no platform ${JSON.stringify(name)}`);
  });
  return [...new Set(found)];
}
