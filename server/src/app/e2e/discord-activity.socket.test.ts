// The example for Discord's activities, on a real server and without Discord: of that it needs one id and one command.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Client, createClient } from "@multitap/client";
import type { Room } from "@multitap/client/netplay";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";

const TIMEOUT_MS = 30_000;
const EXAMPLE = join(import.meta.dir, "../../../../client-sdk/examples/discord-activity.ts");

interface EnteredActivity {
  readonly client: Client;
  readonly room: Room;
}

/** What the example exports; its own type is beyond the packages that the server may name. */
type EnterActivity = (
  activity: {
    readonly instanceId: string;
    readonly commands: { openExternalLink(link: { readonly url: string }): Promise<unknown> };
  },
  options: { readonly url: string; readonly romId: number; readonly show: (line: string) => void },
) => Promise<EnteredActivity>;

let library: TestLibrary | null = null;
const entered: EnteredActivity[] = [];

beforeAll(async () => {
  library = await openLibrary();
}, TIMEOUT_MS);

afterAll(async () => {
  for (const { client, room } of entered) await room.leave().finally(() => client.close());
  await library?.close();
}, TIMEOUT_MS);

test(
  "people of one activity meet in one room, also when they come at once, and others in another",
  async () => {
    if (library === null) throw new TypeError("the library was opened before");
    const example = (await import(EXAMPLE)) as { enterActivity: EnterActivity };
    const romId = await library.addRom("nes", "Two Tapes.nes", "x");
    const url = await library.app.listen();
    const scopes = "me.read me.write roms.read assets.read roms.user.read roms.user.write";
    const token = (await library.tokenWith(scopes)).replace("Bearer ", "");
    const user = createClient({ url, auth: token });
    // The user's own browser: what the frame has it open is approved there.
    const openExternalLink = async (link: { readonly url: string }) => {
      const userCode = new URL(link.url).searchParams.get("user_code") ?? "";
      const { allowedScopes } = await user.deviceFlow.pending(userCode);
      await user.deviceFlow.approve(userCode, { scopes: allowedScopes, expiresIn: "30d" });
    };
    const lines: string[] = [];
    const enter = async (instanceId: string) => {
      const activity = { instanceId, commands: { openExternalLink } };
      const one = await example.enterActivity(activity, { url, romId, show: (line) => lines.push(line) });
      entered.push(one);
      return one.room.id;
    };
    try {
      const [first, second, other] = await Promise.all([enter("i-1"), enter("i-1"), enter("i-2")]);
      expect(second).toBe(first);
      expect(other).not.toBe(first);
      expect(await enter("i-1")).toBe(first);
      expect(lines).toHaveLength(4);
      expect(lines[0]).toMatch(/^Approve \w+ in your browser$/);
    } finally {
      await user.close();
    }
  },
  TIMEOUT_MS,
);
