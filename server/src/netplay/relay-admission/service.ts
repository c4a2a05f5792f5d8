import type { Ports } from "../../base/context.ts";
import { createHexToken } from "../../base/ids.ts";
import type { CloseName } from "../relay-messages/close-codes.data.ts";
import { parseHello } from "../relay-messages/rules.ts";
import { listOpenRooms } from "../relay-registry/service.ts";
import { listEnabledUserIds } from "../relay-rooms/queries.ts";
import type { SwitchboardEvent } from "../relay-switchboard/rules.ts";
import type { RoomSwitchboard } from "../relay-switchboard/service.ts";
import { readCredential, type Shown } from "../relay-tickets/rules.ts";
import { findPending, readTicket, takeTicket } from "../relay-tickets/service.ts";

/** Somebody may come in: what the switchboard is told. Or not, and why. */
export type Admission =
  | { readonly event: SwitchboardEvent; readonly why: null }
  | { readonly event: null; readonly why: CloseName };

/** Finds out whether a connection may come in. */
export interface Doorkeeper {
  /** Looks at the first message of a connection. */
  admit(connection: number, hello: Uint8Array): Promise<Admission>;
  /** Accounts in rooms of this process that are gone or disabled by now. */
  listGone(): Promise<readonly number[]>;
}

/** What a doorkeeper asks. */
export interface DoorkeeperOptions {
  readonly ports: Ports;
  readonly board: RoomSwitchboard;
}

function refuse(why: CloseName): Admission {
  return { event: null, why };
}

/** Makes the doorkeeper of a process. */
export function createDoorkeeper({ ports, board }: DoorkeeperOptions): Doorkeeper {
  return {
    async admit(connection, bytes) {
      const hello = parseHello(bytes);
      if (hello === null) return refuse("messageInvalid");
      if (hello === "version") return refuse("versionUnsupported");
      const shown = readCredential(hello.credential, hello.isRejoin);
      if (shown === null) return refuse("ticketInvalid");
      if (shown.kind === "ticket") {
        return await admitTicket({ ports, board }, { connection, ticket: hello.credential, shown });
      }
      const { roomId, number, secret } = shown;
      if (board.findRoom(roomId) === null) {
        return refuse((await isElsewhere(ports, roomId)) ? "roomElsewhere" : "roomNotFound");
      }
      const { resumeFrame } = hello;
      return {
        why: null,
        event: {
          kind: "returned",
          roomId,
          connection,
          number,
          shown: secret,
          secret: createHexToken(16),
          resumeFrame,
        },
      };
    },
    async listGone() {
      const userIds = board.listUserIds();
      const enabled = await listEnabledUserIds(ports.database, userIds);
      return userIds.filter((userId) => !enabled.has(userId));
    },
  };
}

interface TicketHolder {
  readonly connection: number;
  readonly ticket: string;
  readonly shown: Shown;
}

/** A ticket is used up only where its room is, or will be. */
async function admitTicket(
  { ports, board }: DoorkeeperOptions,
  { connection, ticket, shown: { roomId } }: TicketHolder,
): Promise<Admission> {
  if (board.findRoom(roomId) === null) {
    if (await isElsewhere(ports, roomId)) return refuse("roomElsewhere");
    const worth = await readTicket({ ports }, ticket);
    if (worth === null) return refuse("ticketInvalid");
    if (worth.opens === null) {
      // Its opener is on the way, perhaps to another process.
      const isPending = (await findPending({ ports }, roomId)) !== null;
      return refuse(isPending ? "roomElsewhere" : "roomNotFound");
    }
  }
  const taken = await takeTicket({ ports }, ticket);
  if (taken === null) return refuse("ticketInvalid");
  const { entrant, opens } = taken;
  return {
    why: null,
    event: { kind: "arrived", roomId, opens, connection, entrant, secret: createHexToken(16) },
  };
}

/** Tells whether another process has a room; what this one has is asked before. */
async function isElsewhere(ports: Ports, roomId: string): Promise<boolean> {
  return (await listOpenRooms({ ports })).some(({ id }) => id === roomId);
}
