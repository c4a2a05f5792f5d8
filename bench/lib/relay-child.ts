/** The relay alone in a process, as a server runs it, without the limits of one address: all load comes from here. */
import { RELAY_LIMITS } from "../../server/src/relay/limits.ts";
import { createSwitchboard } from "../../server/src/relay/switchboard/service.ts";
import { openRelayPort } from "../../server/src/relay/tcp.ts";

const limits = {
  ...RELAY_LIMITS,
  sessionsPerAddressMax: Number.POSITIVE_INFINITY,
  connectionsPerAddressMax: Number.POSITIVE_INFINITY,
  connectsPerAddressMax: Number.POSITIVE_INFINITY,
  bytesBurst: 1e15,
};
const relay = openRelayPort({
  hostname: "127.0.0.1",
  port: 0,
  board: createSwitchboard({ limits, secretKey: "of a benchmark" }),
  isAllowed: () => true,
  onChange: () => undefined,
  onFailure: (error) => console.error(error),
  nowMs: () => performance.now(),
});
process.send?.({ port: relay.port });
