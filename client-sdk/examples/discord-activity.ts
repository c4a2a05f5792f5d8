/**
 * Brings the people of one Discord Activity into one room: whoever starts the activity first opens it, the others
 * find it by the instance that they share. An activity is a page that Discord shows in a frame and reaches by its own
 * proxy, so the address of the server is the path of the activity's URL mapping, and players meet by the server
 * alone: the frame lets no other connection out.
 *
 *     const sdk = new DiscordSDK(applicationId); // of @discord/embedded-app-sdk
 *     await sdk.ready();
 *     const room = await enterActivity(sdk, { url: `${location.origin}/.proxy/multitap`, romId: 42, show });
 */
import { type Client, createClient } from "@multitap/client";
import { createNetplay, type Netplay, type Room, type RoomInfo } from "@multitap/client/netplay";

/** What is used of Discord's own SDK. */
export interface Activity {
  /** The same for all who joined the same activity. */
  readonly instanceId: string;
  readonly commands: { openExternalLink(link: { readonly url: string }): Promise<unknown> };
}

/** Where to play what. */
export interface ActivityOptions {
  readonly url: string;
  readonly romId: number;
  readonly show: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** The platform's own unless said. */
  readonly WebSocket?: (new (url: string) => unknown) | undefined;
}

/** A room together with what has to be closed after it. */
export interface EnteredActivity {
  readonly client: Client;
  readonly room: Room;
}

const PLAYERS_MAX = 4;
const INPUT_BYTES = 2;
/** Characters of a room's name. */
const NAME_CHARS_MAX = 64;

/** Signs in, and enters the room of the activity; `signal` ends the wait for the sign-in. */
export async function enterActivity(activity: Activity, options: ActivityOptions): Promise<EnteredActivity> {
  // Kept in memory only: a frame of another site may store nothing that lasts.
  const client = createClient({ url: options.url, app: { name: "discord-activity", version: "1.0.0" } });
  try {
    await signIn(client, activity, options);
    const netplay = createNetplay(client, { direct: "never", WebSocket: options.WebSocket });
    return { client, room: await meet(netplay, activity, options) };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Nobody types a password into a frame: the code is approved in the user's own browser. */
async function signIn(client: Client, activity: Activity, { show, signal }: ActivityOptions): Promise<void> {
  const flow = await client.auth.startDeviceFlow({
    deviceIdentifier: `discord ${activity.instanceId} ${crypto.randomUUID()}`,
    deviceName: "Discord",
    scopes: ["me.read", "roms.read", "assets.read", "roms.user.read", "roms.user.write"],
  });
  show(`Approve ${flow.userCode} in your browser`);
  await activity.commands.openExternalLink({ url: flow.verificationUrlComplete });
  await flow.approved({ signal });
}

async function meet(netplay: Netplay, activity: Activity, { romId, signal }: ActivityOptions): Promise<Room> {
  const name = `discord ${activity.instanceId}`.slice(0, NAME_CHARS_MAX);
  const found = chooseRoom(await netplay.list({ romId, kinds: ["multitap"] }, { signal }), name);
  if (found !== null) return await netplay.join(found, undefined, { signal });
  const own = await netplay.open(
    { romId, name, playersMax: PLAYERS_MAX, inputBytes: INPUT_BYTES },
    { signal },
  );
  // Two may have opened one at the same moment; who sees the own one listed sees the other as well.
  for await (const rooms of netplay.watch({ romId }, { signal })) {
    if (!rooms.some(({ id }) => id === own.id)) continue;
    const first = chooseRoom(rooms, name);
    if (first === null || first === own.id) break;
    await own.leave();
    return await netplay.join(first, undefined, { signal });
  }
  return own;
}

/** The id of the room that all choose who see the same rooms; null when there is none. */
export function chooseRoom(rooms: readonly RoomInfo[], name: string): string | null {
  const [first] = rooms
    .filter((room) => room.name === name)
    .sort((a, b) => a.openedAt.localeCompare(b.openedAt) || a.id.localeCompare(b.id));
  return first?.id ?? null;
}
