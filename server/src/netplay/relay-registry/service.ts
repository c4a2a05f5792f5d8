import type { Context } from "../../base/context.ts";
import { readSharedList, type SharedList, startSharedList } from "../../ports/kv/shared-list.ts";
import { PAGE_RENEW_MS, PAGE_TTL_MS, PAGE_WRITE_MS, ROOMS_PER_PAGE } from "../relay-rooms/limits.ts";
import type { Room } from "../relay-rooms/rules.ts";
import { forgetPending } from "../relay-tickets/service.ts";
import { formatPage, type ListedRelayRoom, PAGES_KEY, pageKey, parsePage } from "./rules.ts";

type Scene = Pick<Context, "ports">;

/** Every room that is open now, in whichever process; those that opened last first. */
export async function listOpenRooms({ ports: { kv } }: Scene): Promise<readonly ListedRelayRoom[]> {
  const pages = await readSharedList(kv, PAGES_KEY);
  return pages.flatMap(parsePage).toSorted((a, b) => b.openedAtMs - a.openedAtMs);
}

/** What a process lists its rooms with. */
export interface RoomPublisherOptions {
  readonly ports: Context["ports"];
  readonly findRoom: (roomId: string) => Room | null;
  /** Between two writings of what changed; `PAGE_WRITE_MS` unless said. */
  readonly writeMs?: number | undefined;
}

/**
 * Begins to list the rooms of this process, by their ids, and tells listeners; what cannot be written now is tried again
 * within seconds.
 */
export function startRoomPublisher({
  ports,
  findRoom,
  writeMs = PAGE_WRITE_MS,
}: RoomPublisherOptions): SharedList {
  const { kv, log, events } = ports;
  const findAll = (ids: readonly string[]) => ids.flatMap((id) => findRoom(id) ?? []);
  return startSharedList({
    kv,
    log,
    what: "the rooms of the raw relay",
    setKey: PAGES_KEY,
    keyOf: pageKey,
    itemsPerPage: ROOMS_PER_PAGE,
    ttlMs: PAGE_TTL_MS,
    renewMs: PAGE_RENEW_MS,
    writeMs,
    has: (id) => findRoom(id) !== null,
    format: (ids) => formatPage(findAll(ids)),
    async onWritten(opened) {
      events.raise({ topic: "netplay", userId: null, data: { kind: "multitap" } });
      for (const { facts } of findAll(opened)) await forgetPending({ ports }, facts);
    },
  });
}
