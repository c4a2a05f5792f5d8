/** The raw relay alone in a process, as a server runs it, without kv: whoever says a number of a room is let in. */

import { RELAY_ROOM_LIMITS } from "../../server/src/netplay/relay-rooms/limits.ts";
import { createRelayEndpoint } from "../../server/src/netplay/relay-rooms/socket.ts";
import { createRoomSwitchboard } from "../../server/src/netplay/relay-switchboard/service.ts";
import { createSocketSwitch } from "../../server/src/socket/mount.ts";

const PLAYERS = 4;
/** Budgets are counted, and out of reach. */
const board = createRoomSwitchboard({
  ...RELAY_ROOM_LIMITS,
  memberMessagesPerSecond: 1e9,
  memberBytesPerSecond: 1e12,
  roomMessagesPerSecond: 1e9,
  roomBytesPerSecond: 1e12,
});
let secrets = 0;
const endpoint = createRelayEndpoint({
  board,
  doorkeeper: {
    async admit(connection, hello) {
      const roomId = new TextDecoder().decode(hello.subarray(8));
      secrets += 1;
      return {
        why: null,
        event: {
          kind: "arrived",
          roomId,
          connection,
          secret: String(secrets),
          entrant: { role: "player", userId: 1, name: "p", seat: null, delayMs: null },
          opens: {
            id: roomId,
            invite: "",
            name: roomId,
            romId: 1,
            ownerUserId: 1,
            playersMax: PLAYERS,
            inputBytes: 24,
            inputWindow: 1_800,
            passwordHash: null,
            contentHash: null,
            openedAtMs: 0,
          },
        },
      };
    },
  },
  onChange: () => undefined,
  onFailure: (error) => console.error(error),
  nowMs: () => performance.now(),
});
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request, self) => {
    const caller = { clientAddress: "127.0.0.1", baseUrl: "http://127.0.0.1" };
    return (await endpoint.mount.handle(request, self, caller)) as Response;
  },
  websocket: createSocketSwitch(() => [endpoint.mount]),
});
process.send?.({ port: server.port });
