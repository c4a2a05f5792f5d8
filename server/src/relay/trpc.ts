import { mutation, query } from "../rpc/procedures.ts";
import {
  banFromRelay,
  claimRelaySession,
  kickFromRelaySession,
  liftRelayBan,
  listRelayBans,
  listRelaySessions,
} from "./service.ts";

/** Procedures about games that RetroArch hosts on the relay. */
export const relayProcedures = {
  list: query(listRelaySessions),
  claim: mutation(claimRelaySession),
  kick: mutation(kickFromRelaySession),
  ban: mutation(banFromRelay),
  bans: query(listRelayBans),
  liftBan: mutation(liftRelayBan),
};
