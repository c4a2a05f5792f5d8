import type { Ports } from "../base/context.ts";
import type { Facts } from "../base/facts.ts";
import { createDoorkeeper } from "../netplay/relay-admission/service.ts";
import { startRoomPublisher } from "../netplay/relay-registry/service.ts";
import { ACCOUNTS_MS } from "../netplay/relay-rooms/limits.ts";
import { createRelayEndpoint } from "../netplay/relay-rooms/socket.ts";
import { createRoomSwitchboard } from "../netplay/relay-switchboard/service.ts";
import type { SocketMount } from "../socket/mount.ts";

export interface RelayRoomsOptions {
  readonly ports: Ports;
  readonly facts: Pick<Facts, "relayRooms">;
  /** Milliseconds of a clock that only goes forward; the process's own unless said. */
  readonly nowMs?: (() => number) | undefined;
}

/** The raw relay of this process. */
export interface OpenRelayRooms {
  readonly mount: SocketMount;
  /** How much there is of it. */
  count(): { readonly rooms: number; readonly connections: number; readonly keptBytes: number };
  /** Lets everybody go; their rooms are over. */
  close(): Promise<void>;
}

/** Opens the raw relay: rooms of apps that are built with the client library. */
export function openRelayRooms({ ports, facts, nowMs }: RelayRoomsOptions): OpenRelayRooms {
  const board = createRoomSwitchboard(facts.relayRooms);
  const doorkeeper = createDoorkeeper({ ports, board });
  const publisher = startRoomPublisher({ ports, findRoom: board.findRoom });
  const endpoint = createRelayEndpoint({
    board,
    doorkeeper,
    onChange: publisher.note,
    onFailure: (error) => ports.log.error("the raw relay failed on a connection", { error }),
    nowMs: nowMs ?? (() => performance.now()),
  });
  let looking: Promise<void> = Promise.resolve();
  const lookForGone = async () => {
    for (const userId of await doorkeeper.listGone()) endpoint.handle({ kind: "dismissed", userId });
  };
  const watching = setInterval(() => {
    if (board.count().rooms === 0) return;
    looking = lookForGone().catch((error: unknown) => {
      ports.log.warn("could not look for accounts that are gone from the raw relay", { error });
    });
  }, ACCOUNTS_MS);
  return {
    mount: endpoint.mount,
    count: () => ({ ...board.count(), connections: endpoint.count() }),
    async close() {
      clearInterval(watching);
      endpoint.close();
      await looking;
      await publisher.stop();
    },
  };
}
